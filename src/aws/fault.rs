//! What went wrong at AWS: an SDK's or a query's error goes in, a [`Fault`] with call, place, HTTP code, request id and missing
//! permission comes out. No credential and no signed URL gets into it.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::aws::meter::Spent;
use crate::diag::{Diagnostic, Location, Severity, show};

/// A call of an API, and the permission that it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// `ListObjectsV2`
    pub name: &'static str,
    /// `s3:ListBucket`
    pub permission: &'static str,
}

/// What kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The caller lacks the right.
    Denied,
    /// There are no credentials, or AWS does not know them.
    Credentials,
    /// The credentials have expired.
    Expired,
    /// It is not there.
    NotFound,
    /// It is no longer what was listed.
    Changed,
    /// It is in an archive, and must be restored first.
    Archived,
    /// Asked too often, after all retries.
    Throttled,
    /// The bucket is in another Region.
    WrongRegion,
    /// `--max-requests` is spent.
    Budget,
    /// No answer, or no further bytes of one.
    Unreachable,
    /// No Region is set.
    NoRegion,
    /// This machine's fault.
    Local,
    /// Any other answer of AWS's.
    Other,
}

/// A call that failed, after all retries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind.
    pub kind: Kind,
    /// The call, if one was made.
    pub call: Option<Call>,
    /// On what: a uri, an ARN or an id.
    pub resource: String,
    /// Where.
    pub region: String,
    /// `403`
    pub http: Option<u16>,
    /// AWS's code, `AccessDenied`.
    pub code: Option<String>,
    /// AWS's words, or the system's.
    pub message: String,
    /// By which AWS's support finds the call.
    pub request_id: Option<String>,
}

impl Fault {
    /// A failure of this machine.
    pub fn local(message: &str) -> Fault {
        Fault {
            kind: Kind::Local,
            call: None,
            resource: "AWS".to_owned(),
            region: String::new(),
            http: None,
            code: None,
            message: scrubbed(message),
            request_id: None,
        }
    }

    /// A failure without an answer of AWS's.
    pub fn new(kind: Kind, call: Call, resource: &str, region: &str, message: &str) -> Fault {
        Fault {
            kind,
            call: Some(call),
            region: region.to_owned(),
            ..Fault::local(message)
        }
        .on(resource)
    }

    /// What an SDK says.
    pub fn of_sdk<E>(
        call: Call,
        resource: &str,
        region: &str,
        error: &SdkError<E, HttpResponse>,
    ) -> Fault
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let response = error.raw_response();
        let http = response.map(|response| response.status().as_u16());
        let header = |name: &str| {
            response
                .and_then(|response| response.headers().get(name))
                .map(str::to_owned)
        };
        let metadata = error.as_service_error().map(ProvideErrorMetadata::meta);
        let code = metadata
            .and_then(|metadata| metadata.code())
            .map(str::to_owned);
        let message = metadata
            .and_then(|metadata| metadata.message())
            .map_or_else(|| chain(error), str::to_owned);
        if let Some(spent) = spent(error) {
            return Fault::new(Kind::Budget, call, resource, region, &spent.to_string());
        }
        let kind = match error {
            SdkError::ServiceError(_) | SdkError::ResponseError(_) => {
                kind_of(http, code.as_deref(), &message)
            }
            SdkError::TimeoutError(_) => Kind::Unreachable,
            // Credentials are looked for before anything is sent.
            SdkError::DispatchFailure(_) if credentials(&message) => Kind::Credentials,
            SdkError::DispatchFailure(_) => Kind::Unreachable,
            _ if credentials(&message) => Kind::Credentials,
            _ => Kind::Other,
        };
        Fault {
            kind,
            http,
            code,
            request_id: header("x-amz-request-id").or_else(|| header("x-amzn-requestid")),
            ..Fault::new(kind, call, resource, region, &message)
        }
    }

    /// What AWS answered to a call that no SDK made.
    pub fn of_answer(
        call: Call,
        region: &str,
        http: u16,
        code: &str,
        message: &str,
        request_id: Option<String>,
    ) -> Fault {
        let kind = kind_of(Some(http), Some(code), message);
        Fault {
            http: Some(http),
            code: Some(code.to_owned()),
            request_id,
            ..Fault::new(kind, call, "AWS", region, message)
        }
    }

    /// The same, of this resource.
    #[must_use]
    pub fn on(mut self, resource: &str) -> Fault {
        self.resource = scrubbed(resource);
        self
    }

    /// Whether another attempt may go better.
    pub fn is_passing(&self) -> bool {
        matches!(self.kind, Kind::Throttled | Kind::Unreachable)
            || (self.kind == Kind::Other && self.http.is_some_and(|http| http >= 500))
    }

    /// The complaint. `why`: why it matters to the verdict.
    pub fn diagnostic(&self, why: &str) -> Diagnostic {
        let what = match (self.kind, self.call) {
            (Kind::Budget, _) => "the budget of requests is spent".to_owned(),
            (_, None) => show(&self.message),
            (kind, Some(call)) => format!("{} {}", call.name, kind.verb()),
        };
        let mut place = Location::source(&self.resource);
        if let Some(call) = self.call {
            let region = if self.region.is_empty() {
                String::new()
            } else {
                format!(" in {}", self.region)
            };
            place = place.named(format!("{}{region}", call.name));
        }
        let mut diagnostic = Diagnostic::new(
            Severity::Error,
            self.kind.diagnostic_code(),
            what,
            why,
            self.help(),
        )
        .at(place);
        if self.call.is_some() {
            diagnostic = diagnostic.got(self.answer());
        }
        diagnostic
    }

    /// HTTP code, AWS's code, message and request id, as far as there are any.
    fn answer(&self) -> String {
        let mut parts = Vec::new();
        if let Some(http) = self.http {
            let code = self
                .code
                .as_deref()
                .map(|code| format!(" {}", show(code)))
                .unwrap_or_default();
            parts.push(format!("HTTP {http}{code}"));
        }
        if !self.message.is_empty() {
            parts.push(show(&self.message));
        }
        if let Some(id) = &self.request_id {
            parts.push(format!("request id {}", show(id)));
        }
        parts.join(", ")
    }

    fn help(&self) -> String {
        let permission = self.call.map_or("", |call| call.permission);
        match self.kind {
            Kind::Denied => format!(
                "grant `{permission}` on it to the caller that `aws sts get-caller-identity` names; for a bucket with SSE-KMS also `kms:Decrypt` on its key"
            ),
            Kind::Credentials => "give credentials as for the AWS CLI: --profile, AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; test them with `aws sts get-caller-identity`".to_owned(),
            Kind::Expired => "renew them (for example `aws sso login`) and run it again; a role session may need to last longer".to_owned(),
            Kind::NotFound => "check the name, the Region and the account".to_owned(),
            Kind::Archived => "restore it (`aws s3api restore-object`), wait until that is done, and run it again".to_owned(),
            Kind::Changed => "run it again; logs are written once, so find out what overwrites them".to_owned(),
            Kind::Throttled => "run it again later, or with a narrower window".to_owned(),
            Kind::WrongRegion => "give the bucket's Region with --region".to_owned(),
            Kind::Budget => "raise --max-requests, or narrow the window with --since and --until".to_owned(),
            Kind::Unreachable => "check the network, the proxy (HTTPS_PROXY), the Region and --endpoint-url; --timeout allows slower answers".to_owned(),
            Kind::NoRegion => "give --region, or set AWS_REGION or the profile's region".to_owned(),
            Kind::Local => "see the message".to_owned(),
            Kind::Other => "look the code up in the API reference of the call".to_owned(),
        }
    }
}

impl Kind {
    fn verb(self) -> &'static str {
        match self {
            Kind::Denied => "was denied",
            Kind::Credentials => {
                "was refused, or not sent: there are no credentials, or AWS does not know them"
            }
            Kind::Expired => "was refused: the credentials have expired",
            Kind::NotFound => "found nothing there",
            Kind::Archived => "was refused: the object is in an archive",
            Kind::Changed => "found another object than was listed",
            Kind::Throttled => "was throttled, at every attempt",
            Kind::WrongRegion => "was sent to the wrong Region",
            Kind::Budget => "was not sent",
            Kind::Unreachable => "got no answer",
            Kind::NoRegion | Kind::Local | Kind::Other => "failed",
        }
    }

    fn diagnostic_code(self) -> &'static str {
        match self {
            Kind::Denied => "aws-access-denied",
            Kind::Credentials => "aws-credentials",
            Kind::Expired => "aws-credentials-expired",
            Kind::NotFound => "aws-not-found",
            Kind::Archived => "aws-object-archived",
            Kind::Changed => "aws-object-changed",
            Kind::Throttled => "aws-throttled",
            Kind::WrongRegion | Kind::NoRegion => "aws-region",
            Kind::Budget => "aws-budget-spent",
            Kind::Unreachable => "aws-unreachable",
            Kind::Local | Kind::Other => "aws-call-failed",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(call) = self.call {
            write!(f, "{} {}: ", call.name, self.kind.verb())?;
        }
        f.write_str(&self.answer())
    }
}

impl StdError for Fault {}

/// So that readers of bytes can pass it on; `ingest` finds it again inside.
impl From<Box<Fault>> for io::Error {
    fn from(fault: Box<Fault>) -> io::Error {
        io::Error::other(*fault)
    }
}

/// By AWS's code, and by HTTP's where there is none.
fn kind_of(http: Option<u16>, code: Option<&str>, message: &str) -> Kind {
    let code = code.unwrap_or_default();
    match code {
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "AllAccessDisabled"
        | "AccountProblem"
        | "Forbidden" => {
            return Kind::Denied;
        }
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => {
            return Kind::Expired;
        }
        "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidToken"
        | "AuthFailure"
        | "MissingAuthenticationToken"
        | "IncompleteSignature"
        | "RequestTimeTooSkewed" => return Kind::Credentials,
        "PermanentRedirect"
        | "AuthorizationHeaderMalformed"
        | "IllegalLocationConstraintException" => {
            return Kind::WrongRegion;
        }
        "InvalidObjectState" => return Kind::Archived,
        "PreconditionFailed" => return Kind::Changed,
        "SlowDown" | "RequestLimitExceeded" | "ServiceUnavailable" | "TooManyRequestsException" => {
            return Kind::Throttled;
        }
        _ if code.starts_with("Throttl") || code.contains("LimitExceeded") => {
            return Kind::Throttled;
        }
        _ => {}
    }
    match http {
        Some(401 | 403) if message.contains("expired") => Kind::Expired,
        Some(401 | 403) => Kind::Denied,
        Some(404) => Kind::NotFound,
        Some(412) => Kind::Changed,
        Some(301 | 307) => Kind::WrongRegion,
        Some(429 | 503) => Kind::Throttled,
        Some(_) | None if code.contains("NotFound") || code.starts_with("NoSuch") => Kind::NotFound,
        Some(_) => Kind::Other,
        None => Kind::Unreachable,
    }
}

fn credentials(message: &str) -> bool {
    message.contains("credential")
}

fn spent(error: &(dyn StdError + 'static)) -> Option<Spent> {
    let mut link = Some(error);
    while let Some(error) = link {
        if let Some(spent) = error.downcast_ref::<Spent>() {
            return Some(*spent);
        }
        link = error.source();
    }
    None
}

/// An SDK's error says little by itself; what it was made of says more.
pub(super) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut link = Some(error);
    while let Some(error) = link {
        let text = error.to_string();
        if !said.last().is_some_and(|last| last.contains(&text)) {
            said.push(text);
        }
        link = error.source();
    }
    scrubbed(&said.join(": "))
}

/// The text without what could open a door: access key ids, and the query of a signed URL.
fn scrubbed(text: &str) -> String {
    let word = |word: &str| {
        // A name and a password before the host.
        if let Some((scheme, rest)) = word.split_once("://") {
            let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
            if host.contains('@') {
                return format!("{scheme}://[withheld]");
            }
        }
        let lower = word.to_ascii_lowercase();
        let signed = ["x-amz-", "signature=", "credential=", "token="];
        let key = word
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|part| part.len() >= 16 && (part.starts_with("AKIA") || part.starts_with("ASIA")));
        if key || signed.iter().any(|mark| lower.contains(mark)) {
            "[withheld]".to_owned()
        } else {
            word.to_owned()
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: Call = Call {
        name: "ListObjectsV2",
        permission: "s3:ListBucket",
    };

    #[test]
    fn the_complaint_names_call_place_answer_and_permission() {
        let fault = Fault::of_answer(
            LIST,
            "eu-west-1",
            403,
            "AccessDenied",
            "Access Denied",
            Some("4QKX".to_owned()),
        )
        .on("s3://logs/AWSLogs/");
        let text = fault
            .diagnostic("an unread listing may hide whole hours")
            .to_string();
        assert_eq!(
            text,
            "error[aws-access-denied]: ListObjectsV2 was denied\n   at: s3://logs/AWSLogs/, `ListObjectsV2 in eu-west-1`\n  got: HTTP 403 AccessDenied, Access Denied, request id 4QKX\n  why: an unread listing may hide whole hours\n help: grant `s3:ListBucket` on it to the caller that `aws sts get-caller-identity` names; for a bucket with SSE-KMS also `kms:Decrypt` on its key\n"
        );
    }

    #[test]
    fn kinds_by_code_and_by_http() {
        #[rustfmt::skip]
        let cases = [
            (Some(403), Some("AccessDenied"),           "",                      Kind::Denied),
            (Some(400), Some("ExpiredToken"),           "",                      Kind::Expired),
            (Some(403), Some("InvalidAccessKeyId"),     "",                      Kind::Credentials),
            (Some(403), None,                           "",                      Kind::Denied),
            (Some(404), Some("NoSuchKey"),              "",                      Kind::NotFound),
            (Some(400), Some("InvalidVpcID.NotFound"),  "",                      Kind::NotFound),
            (Some(403), Some("InvalidObjectState"),     "",                      Kind::Archived),
            (Some(412), Some("PreconditionFailed"),     "",                      Kind::Changed),
            (Some(503), Some("SlowDown"),               "",                      Kind::Throttled),
            (Some(503), Some("RequestLimitExceeded"),   "",                      Kind::Throttled),
            (Some(400), Some("ThrottlingException"),    "",                      Kind::Throttled),
            (Some(500), Some("InternalError"),          "",                      Kind::Other),
            (Some(301), Some("PermanentRedirect"),      "",                      Kind::WrongRegion),
            (None,      None,                           "connection refused",    Kind::Unreachable),
        ];
        for (http, code, message, expected) in cases {
            assert_eq!(kind_of(http, code, message), expected, "{http:?} {code:?}");
        }
    }

    #[test]
    fn what_opens_doors_is_withheld() {
        assert_eq!(
            scrubbed("`http://me:SECRET@127.0.0.1:9/ x` was not a URI"),
            "`http://[withheld] x` was not a URI"
        );
        let text = "GET https://b.s3/x?X-Amz-Signature=abc by AKIAIOSFODNN7EXAMPLE, AccessKeyId=ASIAIOSFODNN7EXAMPLE failed";
        let shown = scrubbed(text);
        assert_eq!(shown, "GET [withheld] by [withheld] [withheld] failed");
    }
}

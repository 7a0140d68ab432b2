//! Calls of the query APIs (EC2, STS, CloudWatch): a signed form goes out, XML comes back.
//!
//! The SDK's own parts sign and send; backoff and budget are those of every other call.

use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use crate::aws::endpoint;
use crate::aws::fault::{Call, Fault, Kind, chain};
use crate::aws::session::{ATTEMPTS_MAX, BACKOFF, BACKOFF_MAX, Session};
use crate::aws::xml;

/// A service with a query API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// In signatures, and first in its host name: `ec2`.
    pub name: &'static str,
    /// `2016-11-15`
    pub version: &'static str,
    /// As in `AWS_ENDPOINT_URL_EC2`.
    pub endpoint_variable: &'static str,
}

/// EC2, <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/>.
pub const EC2: Service = Service {
    name: "ec2",
    version: "2016-11-15",
    endpoint_variable: "AWS_ENDPOINT_URL_EC2",
};

/// STS, for the account's number.
pub const STS: Service = Service {
    name: "sts",
    version: "2011-06-15",
    endpoint_variable: "AWS_ENDPOINT_URL_STS",
};

/// CloudWatch metrics, by the query protocol.
pub const MONITORING: Service = Service {
    name: "monitoring",
    version: "2010-08-01",
    endpoint_variable: "AWS_ENDPOINT_URL_CLOUDWATCH",
};

/// One call, with retries: the XML of its answer.
///
/// # Errors
/// What AWS or the network says after the last attempt; the budget, before the attempt that it forbids.
pub async fn call(
    session: &Session,
    service: Service,
    call: Call,
    parameters: &[(String, String)],
) -> Result<String, Box<Fault>> {
    let mut form = form_urlencoded(&[
        ("Action".to_owned(), call.name.to_owned()),
        ("Version".to_owned(), service.version.to_owned()),
    ]);
    if !parameters.is_empty() {
        form.push('&');
        form.push_str(&form_urlencoded(parameters));
    }
    let mut attempt = 1;
    loop {
        let fault = match once(session, service, call, &form).await {
            Ok(xml) => return Ok(xml),
            Err(fault) => fault,
        };
        if attempt == ATTEMPTS_MAX || !fault.is_passing() {
            return Err(fault);
        }
        tokio::time::sleep(backoff(attempt)).await;
        attempt += 1;
    }
}

/// Between nothing and twice as much as before (full jitter), so that many callers do not come back together.
pub(crate) fn backoff(attempt: u32) -> Duration {
    let ceiling = BACKOFF
        .saturating_mul(1 << attempt.min(16))
        .min(BACKOFF_MAX);
    let nanos = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |now| now.subsec_nanos());
    // The clock's last digits are random enough for this.
    ceiling.mul_f64(f64::from(nanos % 1_000) / 1_000.0)
}

async fn once(
    session: &Session,
    service: Service,
    call: Call,
    form: &str,
) -> Result<String, Box<Fault>> {
    let fault = |kind, message: &str| {
        let fault = Fault::new(kind, call, "AWS", session.region(), message);
        Box::new(fault)
    };
    let request = signed(session, service, form)
        .await
        .map_err(|(kind, message)| fault(kind, &message))?;
    let meter = session.aws().meter();
    meter
        .spend()
        .map_err(|spent| fault(Kind::Budget, &spent.to_string()))?;
    let answer = tokio::time::timeout(session.aws().timeout(), async {
        let response = session
            .aws()
            .connector()
            .call(request)
            .await
            .map_err(|error| chain(&error))?;
        let status = response.status().as_u16();
        let request_id = ["x-amzn-requestid", "x-amz-request-id"]
            .iter()
            .find_map(|name| response.headers().get(*name))
            .map(str::to_owned);
        let body = ByteStream::new(response.into_body())
            .collect()
            .await
            .map_err(|error| chain(&error))?;
        Ok::<_, String>((status, request_id, body.into_bytes()))
    })
    .await;
    let (status, request_id, body) = match answer {
        Err(_) => return Err(fault(Kind::Unreachable, "timed out")),
        Ok(Err(message)) => return Err(fault(Kind::Unreachable, &message)),
        Ok(Ok(answer)) => answer,
    };
    meter.received(u64::try_from(body.len()).unwrap_or(0));
    let text = String::from_utf8_lossy(&body).into_owned();
    if status == 200 {
        return Ok(text);
    }
    // `<Response><Errors><Error>…</Error></Errors><RequestID>…` of EC2, `<ErrorResponse><Error>…</Error><RequestId>…` of the others.
    let root = xml::parse(&text).unwrap_or_default();
    let found = |name: &str| root.find(name).map(|element| element.text.clone());
    let (code, message) = (found("Code"), found("Message"));
    let request_id = found("RequestID").or(found("RequestId")).or(request_id);
    let fault = Fault::of_answer(
        call,
        session.region(),
        status,
        &code.unwrap_or_default(),
        &message.unwrap_or_default(),
        request_id,
    );
    Err(Box::new(fault))
}

async fn signed(
    session: &Session,
    service: Service,
    form: &str,
) -> Result<HttpRequest, (Kind, String)> {
    let other = |message: String| (Kind::Local, message);
    let identity: Identity = session
        .credentials()
        .await
        .map_err(|message| (Kind::Credentials, message))?
        .into();
    let endpoint = endpoint::of(session, service).map_err(other)?;
    let uri = format!("{}/", endpoint.url.trim_end_matches('/'));
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&endpoint.signing_region)
        .name(service.name)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| other(error.to_string()))?;
    let signable = SignableRequest::new(
        "POST",
        uri.as_str(),
        headers.into_iter(),
        SignableBody::Bytes(form.as_bytes()),
    )
    .map_err(|error| other(error.to_string()))?;
    let (instructions, _) = sign(signable, &parameters.into())
        .map_err(|error| other(error.to_string()))?
        .into_parts();
    let mut request = HttpRequest::new(SdkBody::from(form));
    request
        .set_method("POST")
        .and_then(|()| request.set_uri(uri.as_str()))
        .map_err(|error| other(error.to_string()))?;
    for (name, value) in headers {
        request.headers_mut().insert(name, value);
    }
    for header in instructions.into_parts().0 {
        let (name, value) = (header.name().to_owned(), header.value().to_owned());
        request.headers_mut().insert(name, value);
    }
    Ok(request)
}

/// `a=b&c=d`, with all but the unreserved characters of RFC 3986 escaped, as AWS wants it.
fn form_urlencoded(parameters: &[(String, String)]) -> String {
    let escaped = |text: &str| {
        let mut out = String::with_capacity(text.len());
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        out
    };
    let pairs = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_escape_what_is_not_unreserved() {
        let parameters = [("Filter.1.Name", "a b"), ("NextToken", "x+/=é~")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            form_urlencoded(&parameters),
            "Filter.1.Name=a%20b&NextToken=x%2B%2F%3D%C3%A9~"
        );
    }

    #[test]
    fn waits_grow_and_stay_within_bounds() {
        for attempt in 1..40 {
            assert!(backoff(attempt) <= BACKOFF_MAX, "{attempt}");
        }
    }
}

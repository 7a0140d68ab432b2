//! One bucket: the client, and the two calls that are made of it.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Builder, ResponseChecksumValidation};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::RequestPayer;

use crate::aws::{Call, Fault, Kind, Meter, Session};
use crate::ingest::remote::Remote;
use crate::ingest::s3::listing::{Refusal, Step};

pub(super) const LIST: Call = Call {
    name: "ListObjectsV2",
    permission: "s3:ListBucket",
};
pub(super) const GET: Call = Call {
    name: "GetObject",
    permission: "s3:GetObject",
};

/// A bucket. It has no hold on the runtime, so a task may be the last to let go of it.
pub(super) struct Bucket {
    client: Client,
    name: String,
    region: String,
    requester_pays: bool,
    pub(super) full_digest: bool,
    pub(super) timeout: Duration,
    pub(super) meter: Arc<Meter>,
}

impl Bucket {
    pub(super) fn new(session: &Session, name: &str, remote: &Remote) -> Bucket {
        // Stores of other makers rarely have a host name a bucket; and a dot in the name fits no certificate of `*.s3…`.
        let path_style = session.has_endpoint_of_its_own("S3") || name.contains('.');
        let meter = Arc::clone(session.aws().meter());
        let config = Builder::from(session.config())
            .force_path_style(path_style)
            // Every byte goes through sha256 anyhow, and its length and ETag are compared.
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .interceptor(meter.interceptor())
            .build();
        Bucket {
            client: Client::from_conf(config),
            name: name.to_owned(),
            region: session.region().to_owned(),
            requester_pays: remote.requester_pays,
            full_digest: remote.full_digest,
            timeout: session.aws().timeout(),
            meter,
        }
    }

    pub(super) fn uri(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.name)
    }

    /// A failure without an answer of S3's.
    pub(super) fn fault(&self, kind: Kind, call: Call, key: &str, message: &str) -> Box<Fault> {
        let fault = Fault::new(kind, call, &self.uri(key), &self.region, message);
        Box::new(fault)
    }

    fn payer(&self) -> Option<RequestPayer> {
        self.requester_pays.then_some(RequestPayer::Requester)
    }

    /// One page of a listing.
    pub(super) async fn page(
        &self,
        step: &Step,
        token: Option<String>,
    ) -> Result<ListObjectsV2Output, Refusal> {
        let asked = self
            .client
            .list_objects_v2()
            .bucket(&self.name)
            .prefix(&step.prefix)
            .set_delimiter((!step.flat).then(|| "/".to_owned()))
            .set_continuation_token(token)
            .set_request_payer(self.payer());
        asked.send().await.map_err(|error| {
            let headers = error.raw_response().map(|response| response.headers());
            let region = headers.and_then(|headers| headers.get("x-amz-bucket-region"));
            let region = region.map(str::to_owned);
            let uri = self.uri(&step.prefix);
            let fault = Box::new(Fault::of_sdk(LIST, &uri, &self.region, &error));
            Refusal { fault, region }
        })
    }

    /// The head of an object's bytes, or of those of a part; the bytes follow in its body.
    pub(super) async fn get(
        &self,
        key: &str,
        etag: Option<&str>,
        part: Option<(u64, u64)>,
    ) -> Result<GetObjectOutput, Box<Fault>> {
        let asked = self
            .client
            .get_object()
            .bucket(&self.name)
            .key(key)
            .set_if_match(etag.map(str::to_owned))
            .set_range(part.map(|(first, last)| format!("bytes={first}-{last}")))
            .set_request_payer(self.payer());
        let answered = if part.is_some() {
            asked.send().await
        } else {
            // By hand, for the header alone: the SDK's own way to ask for it would also compute the checksum.
            let ask = asked.customize().mutate_request(|request| {
                request
                    .headers_mut()
                    .insert("x-amz-checksum-mode", "ENABLED");
            });
            ask.send().await
        };
        answered.map_err(|error| Box::new(Fault::of_sdk(GET, &self.uri(key), &self.region, &error)))
    }
}

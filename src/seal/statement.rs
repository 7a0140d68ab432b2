//! The in-toto statement around an evidence: its subjects are what the verdict rests on, by digest; its predicate is the evidence.
//! <https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>

use serde_json::{Map, Value, json};

use crate::model::evidence::{Evidence, InputReport};

/// Statement v1.
pub const TYPE: &str = "https://in-toto.io/Statement/v1";
/// What kind of predicate the evidence is. A name, not a place: docs/evidence.md says what it means.
pub const PREDICATE_TYPE: &str = "urn:flowproof:evidence:v1";
/// Of the envelope around it.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// The payload: compact JSON. `manifest`: SHA-256 of a bundle's `manifest.json`, which stands for everything in the bundle.
///
/// # Errors
/// serde_json's, which has no cause to refuse.
pub fn payload(evidence: &Evidence, manifest: Option<&str>) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&json!({
        "_type": TYPE,
        "subject": subjects(evidence, manifest),
        "predicateType": PREDICATE_TYPE,
        "predicate": serde_json::to_value(evidence)?,
    }))
}

/// Inputs, topology files, policy, ranges, metrics. An input that was not read to its end and that its place gives no name to has no
/// digest, and is no subject; the predicate tells of it all the same.
fn subjects(evidence: &Evidence, manifest: Option<&str>) -> Vec<Value> {
    let mut subjects = Vec::new();
    let mut of = |kind: &str, name: &str, digest: Map<String, Value>| {
        if !digest.is_empty() {
            subjects
                .push(json!({ "name": name, "digest": digest, "annotations": { "kind": kind } }));
        }
    };
    let sha256 = |digest: &str| Map::from_iter([("sha256".to_owned(), Value::from(digest))]);
    if let Some(manifest) = manifest {
        of("bundle", crate::seal::manifest::MANIFEST, sha256(manifest));
    }
    for input in &evidence.inputs {
        of("input", &input.uri, digest_of(input));
    }
    for file in evidence.topologies.iter().flat_map(|one| &one.files) {
        of("topology", &file.source, sha256(&file.sha256));
    }
    of(
        "policy",
        &evidence.policy.source,
        sha256(&evidence.policy.sha256),
    );
    let ranges = &evidence.tool.ip_ranges;
    of("ip-ranges", &ranges.source, sha256(&ranges.sha256));
    if let Some(metrics) = &evidence.metrics {
        of("metrics", &metrics.source, sha256(&metrics.sha256));
    }
    subjects
}

/// The SHA-256; where there is none, what S3 says of the object.
fn digest_of(input: &InputReport) -> Map<String, Value> {
    let stamp = [
        ("etag", &input.etag),
        ("versionId", &input.version_id),
        ("checksum", &input.checksum),
    ];
    let told = match &input.sha256 {
        Some(_) => vec![("sha256", &input.sha256)],
        None => stamp.to_vec(),
    };
    told.into_iter()
        .filter_map(|(name, digest)| Some((name.to_owned(), Value::from(digest.as_deref()?))))
        .collect()
}

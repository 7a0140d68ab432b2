//! Evidence of sample worlds, as the tests of verdicts expect it: for tests.

use crate::model::evidence::Evidence;

/// One claim after the other is proven, in half an hour from 2026-08-01T12:00:00Z.
pub const PROVEN: &str = include_str!("../../tests/golden/gateway-endpoint-only/evidence.json");
/// S3 by the internet gateway.
pub const VIOLATED: &str = include_str!("../../tests/golden/internet-gateway-only/evidence.json");

/// The evidence, made at a given time: the files leave it out.
pub fn evidence(json: &str) -> Evidence {
    let mut value: serde_json::Value = serde_json::from_str(json).unwrap();
    value["generated_at"] = "2026-08-02T00:00:00Z".into();
    serde_json::from_value(value).unwrap()
}

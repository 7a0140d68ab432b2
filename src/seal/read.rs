//! From bytes to an [`Evidence`], or the reason why they are none.

use serde::Deserialize;

use crate::diag::{Diagnostic, Location, Severity, show};
use crate::model::evidence::{Evidence, SCHEMA};

/// A document larger than this is none: 20 witnesses a claim and 20 gaps an interface make some megabytes of ten thousand interfaces.
pub const BYTES_MAX: u64 = 512 << 20;

const WHY: &str = "what cannot be read can neither be shown nor checked";

#[derive(Deserialize)]
struct Head {
    schema: Option<serde_json::Value>,
}

/// Reads the document; `source` is its name in complaints.
///
/// # Errors
/// `evidence-bad-json`, `evidence-other-schema`, or `evidence-bad-value` for fields that are missing or of another kind.
pub fn read(source: &str, bytes: &[u8]) -> Result<Evidence, Box<Diagnostic>> {
    // serde takes an array for an object, field by field; nobody writes one so.
    let object = bytes.trim_ascii_start().starts_with(b"{");
    let head = if object {
        serde_json::from_slice(bytes)
    } else {
        Err(serde::de::Error::custom("expected `{`"))
    };
    let head: Head = head.map_err(|error| {
        bad(
            "evidence-bad-json",
            "this is no evidence: it is not a JSON object",
            source,
            &error,
        )
    })?;
    let schema = head.schema.as_ref().and_then(serde_json::Value::as_str);
    if schema != Some(SCHEMA) {
        let got = match schema {
            Some(other) => format!("`{}`, expected `{SCHEMA}`", show(other)),
            None => format!("no `schema`, expected `{SCHEMA}`"),
        };
        return Err(Box::new(
            Diagnostic::new(
                Severity::Error,
                "evidence-other-schema",
                "this JSON is no evidence that this version knows",
                WHY,
                "give the file that `flowproof verify --evidence FILE` wrote, to a flowproof of the same schema",
            )
            .at(Location::source(source).named("schema"))
            .got(got),
        ));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        bad(
            "evidence-bad-value",
            "a field of this evidence is missing, or is not what it should be",
            source,
            &error,
        )
    })
}

fn bad(
    code: &'static str,
    message: &str,
    source: &str,
    error: &serde_json::Error,
) -> Box<Diagnostic> {
    let mut place = Location::source(source);
    if error.line() > 0 {
        place.line = u64::try_from(error.line()).ok();
        place.column = u64::try_from(error.column()).ok();
    }
    Box::new(
        Diagnostic::new(
            Severity::Error,
            code,
            message,
            WHY,
            "give the file that `flowproof verify --evidence FILE` wrote, whole and unchanged",
        )
        .at(place)
        .got(show(&error.to_string())),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_evidence_is_told_apart() {
        #[rustfmt::skip]
        let cases = [
            // title,          bytes,                                       code
            ("nothing",        "",                                          "evidence-bad-json"),
            ("no JSON",        "PROVEN",                                    "evidence-bad-json"),
            ("an array",       "[1]",                                       "evidence-bad-json"),
            ("cut short",      "{\"schema\": \"flowproof.evidence/v1\",",   "evidence-bad-json"),
            ("other JSON",     "{\"verdict\": \"proven\"}",                 "evidence-other-schema"),
            ("a later schema", "{\"schema\": \"flowproof.evidence/v2\"}",   "evidence-other-schema"),
            ("a number",       "{\"schema\": 1}",                           "evidence-other-schema"),
            ("fields missing", "{\"schema\": \"flowproof.evidence/v1\"}",   "evidence-bad-value"),
        ];
        for (title, bytes, code) in cases {
            let problem = read("e.json", bytes.as_bytes()).unwrap_err();
            assert_eq!(problem.code, code, "{title}");
        }
        let deep = format!("{{\"schema\": {}", "[".repeat(1_000_000));
        assert_eq!(
            read("e.json", deep.as_bytes()).unwrap_err().code,
            "evidence-bad-json"
        );
    }
}

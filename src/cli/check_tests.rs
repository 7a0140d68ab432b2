use flowproof::model::evidence::Totals;
use flowproof::seal::key::PrivateKey;

use super::*;

/// RFC 8032, 7.1, test 1.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";

/// Whether evidence and envelope are taken as what they were.
fn unchanged(bytes: &[u8], envelope: &[u8], key: &PublicKey) -> bool {
    let Ok(evidence) = seal::read("e.json", bytes) else {
        return false;
    };
    let mut examined = Examined::default();
    alone("e.json", bytes, &evidence, &mut examined);
    let json = Value::Null;
    let told = Told {
        name: "e.json",
        evidence: &evidence,
        json: &json,
    };
    signed(
        "e.dsse.json",
        &told,
        None,
        (envelope, Some(key)),
        &mut examined,
    );
    examined.problems.is_empty()
}

#[test]
fn whatever_byte_of_a_signed_evidence_is_changed_it_is_found() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/golden/skipdata/evidence.json"
    );
    let mut small: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    small["generated_at"] = "2026-08-05T13:00:00Z".into();
    // Nothing was read and nothing was claimed: every kind of field but few of them, for each of its bytes is tried.
    for list in ["claims", "coverage", "inputs", "diagnostics"] {
        small[list] = Vec::<Value>::new().into();
    }
    small["scope"]["interfaces"] = 0.into();
    let mut evidence: Evidence = serde_json::from_value(small).unwrap();
    evidence.totals = Totals::default();
    let bytes = reports::render(&evidence, Format::Json, Style::default()).unwrap();
    let key = PrivateKey::from_pem("key.pem", KEY).unwrap_or_else(|problem| panic!("{problem}"));
    let payload = statement::payload(&evidence, None).unwrap();
    let envelope = dsse::sign(&payload, &key).unwrap();
    let key = key.public();
    assert!(unchanged(&bytes, &envelope, &key));
    for index in 0..bytes.len() {
        let mut other = bytes.clone();
        other[index] ^= 1;
        assert!(
            !unchanged(&other, &envelope, &key),
            "byte {index} of the evidence"
        );
    }
    for index in 0..envelope.len() {
        let mut other = envelope.clone();
        other[index] ^= 1;
        assert!(
            !unchanged(&bytes, &other, &key),
            "byte {index} of the envelope"
        );
    }
}

#[test]
fn the_first_line_that_was_changed_is_named() {
    let problem = rewritten("e.json", b"{\n  \"a\":1\n}\n", b"{\n  \"a\": 1\n}\n");
    assert_eq!(problem.at[0].line, Some(2));
    assert_eq!(problem.got.unwrap(), "`  \"a\":1`, expected `  \"a\": 1`");
    let longer = rewritten("e.json", b"{}\n\n", b"{}\n");
    assert_eq!(longer.got.unwrap(), "``, expected nothing");
}

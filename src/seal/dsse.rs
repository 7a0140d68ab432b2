//! DSSE envelopes: a payload, and signatures over it and its type. <https://github.com/secure-systems-lab/dsse>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::diag::{Diagnostic, Location, Severity, show};
use crate::seal::key::{PrivateKey, PublicKey};
use crate::seal::statement::PAYLOAD_TYPE;

/// The envelope as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Base64.
    payload: String,
    /// What the payload is.
    #[serde(rename = "payloadType")]
    payload_type: String,
    /// At least one.
    signatures: Vec<Signature>,
}

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Signature {
    /// Says which key may fit; nothing vouches for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    keyid: Option<String>,
    /// Base64.
    sig: String,
}

/// What an envelope holds, and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The bytes that were signed.
    pub payload: Vec<u8>,
    /// Signatures in the envelope.
    pub signatures: usize,
    /// The keys that they name.
    pub keyids: Vec<String>,
}

/// What is signed: <https://github.com/secure-systems-lab/dsse/blob/master/protocol.md>, "pre-authentication encoding".
fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    );
    [head.as_bytes(), payload].concat()
}

/// Signs a statement: the envelope as a file.
///
/// # Errors
/// serde_json's, which has no cause to refuse.
pub fn sign(payload: &[u8], key: &PrivateKey) -> Result<Vec<u8>, serde_json::Error> {
    let envelope = Envelope {
        payload: STANDARD.encode(payload),
        payload_type: PAYLOAD_TYPE.to_owned(),
        signatures: vec![Signature {
            keyid: Some(key.public().id()),
            sig: STANDARD.encode(key.sign(&pae(PAYLOAD_TYPE, payload))),
        }],
    };
    rendered(&envelope)
}

fn rendered(envelope: &Envelope) -> Result<Vec<u8>, serde_json::Error> {
    let mut json = serde_json::to_vec_pretty(envelope)?;
    json.push(b'\n');
    Ok(json)
}

/// Opens an envelope. With a key, at least one signature must be this key's. An envelope with one signature must stand there byte
/// for byte as [`sign`] writes it; one with several has been through other hands, and counts by what is signed.
///
/// # Errors
/// `envelope-bad` for what is no envelope, `signature-bad` for one that the key did not sign, or that was changed; so is one with a signature that names the key and is not its own.
pub fn open(
    source: &str,
    bytes: &[u8],
    key: Option<&PublicKey>,
) -> Result<Opened, Box<Diagnostic>> {
    let envelope: Envelope = serde_json::from_slice(bytes)
        .map_err(|error| bad(source, "this is no DSSE envelope", &error.to_string()))?;
    if envelope.payload_type != PAYLOAD_TYPE {
        let got = format!("`{}`, expected `{PAYLOAD_TYPE}`", envelope.payload_type);
        return Err(bad(source, "an envelope around something else", &got));
    }
    let payload = STANDARD
        .decode(&envelope.payload)
        .map_err(|error| bad(source, "the payload is not Base64", &error.to_string()))?;
    if envelope.signatures.is_empty() {
        return Err(bad(
            source,
            "an envelope without a signature",
            "`signatures` is empty",
        ));
    }
    if let Some(key) = key {
        let signed = pae(PAYLOAD_TYPE, &payload);
        let is_of_key = |one: &&Signature| {
            STANDARD
                .decode(&one.sig)
                .is_ok_and(|sig| key.has_signed(&signed, &sig))
        };
        let Some(good) = envelope.signatures.iter().find(is_of_key) else {
            return Err(not_signed(source, key, &envelope));
        };
        let id = key.id();
        let claims = |one: &&Signature| one.keyid.as_deref() == Some(&id) && !is_of_key(one);
        if envelope.signatures.iter().any(|one| claims(&one)) {
            let got = "one says that it is of this key, and is not";
            return Err(changed(source, "signatures", got));
        }
        let alone = envelope.signatures.len() == 1;
        if alone && good.keyid.as_deref() != Some(key.id().as_str()) {
            let keyid = good.keyid.as_deref().unwrap_or("nothing");
            let got = format!("`{keyid}`, and the key that signed it is {}", key.id());
            return Err(changed(source, "signatures[0].keyid", &got));
        }
        if alone && rendered(&envelope).ok().as_deref() != Some(bytes) {
            let got = "other blanks, order, escapes or keys than it was written with";
            return Err(changed(source, "the envelope", got));
        }
    }
    let keyids = envelope.signatures.iter();
    Ok(Opened {
        payload,
        signatures: envelope.signatures.len(),
        keyids: keyids.filter_map(|one| one.keyid.clone()).collect(),
    })
}

const WHY: &str = "without a good signature anybody could have written this evidence";

fn bad(source: &str, message: &str, got: &str) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::new(
            Severity::Error,
            "envelope-bad",
            message,
            WHY,
            "give the envelope as `flowproof verify --sign KEY` wrote it",
        )
        .at(Location::source(source))
        .got(show(got)),
    )
}

fn not_signed(source: &str, key: &PublicKey, envelope: &Envelope) -> Box<Diagnostic> {
    let claimed = envelope
        .signatures
        .iter()
        .filter_map(|one| one.keyid.clone());
    let claimed: Vec<String> = claimed.collect();
    let mine = claimed.contains(&key.id());
    let (message, help) = if mine {
        (
            "payload or signature were changed since it was signed",
            "take the envelope anew from whoever signed it",
        )
    } else {
        (
            "no signature is of this key",
            "give the public key of whoever signed it",
        )
    };
    Box::new(
        Diagnostic::new(Severity::Error, "signature-bad", message, WHY, help)
            .at(Location::source(source).named("signatures"))
            .got(show(&format!(
                "signatures of {}, the key is {}",
                claimed.join(", "),
                key.id()
            ))),
    )
}

fn changed(source: &str, name: &str, got: &str) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::new(
            Severity::Error,
            "signature-bad",
            "what is signed is whole, but the envelope around it was changed since",
            "whoever changed it had a reason",
            "take the envelope anew from whoever signed it",
        )
        .at(Location::source(source).named(name))
        .got(show(got)),
    )
}

#[cfg(test)]
#[path = "dsse_tests.rs"]
mod tests;

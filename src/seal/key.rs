//! Ed25519 keys from PEM: PKCS#8 as `openssl genpkey -algorithm ed25519` writes it, and SubjectPublicKeyInfo as `openssl pkey
//! -pubout` does. No message here ever holds text of a private key.

use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use crate::diag::{Diagnostic, Location, Severity};
use crate::seal::manifest::sha256;

/// Files of keys are some hundred bytes.
pub const BYTES_MAX: u64 = 64 << 10;

/// Signs. Has no `Debug`, so that it gets into no message.
pub struct PrivateKey(SigningKey);

impl PrivateKey {
    /// Reads PKCS#8 PEM; `source` is its name in complaints.
    ///
    /// # Errors
    /// `key-bad`, without a word of what stands there.
    pub fn from_pem(source: &str, pem: &str) -> Result<PrivateKey, Box<Diagnostic>> {
        let public = pem.contains("-----BEGIN PUBLIC KEY-----");
        SigningKey::from_pkcs8_pem(pem.trim())
            .map(PrivateKey)
            .map_err(|_| {
                let message = if public {
                    "this is a public key, and only a private one can sign"
                } else {
                    "this is no private Ed25519 key in PEM (PKCS#8, not encrypted)"
                };
                bad(
                    source,
                    message,
                    "make one with `openssl genpkey -algorithm ed25519 -out key.pem`",
                )
            })
    }

    /// The key that checks its signatures.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
    }
}

/// Checks signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads PEM; `source` is its name in complaints.
    ///
    /// # Errors
    /// `key-bad`. A private key is refused too: whoever checks must not have it.
    pub fn from_pem(source: &str, pem: &str) -> Result<PublicKey, Box<Diagnostic>> {
        let private = pem.contains("PRIVATE KEY-----");
        VerifyingKey::from_public_key_pem(pem.trim())
            .map(PublicKey)
            .map_err(|_| {
                let message = if private {
                    "this is a private key; a signature is checked with the public one"
                } else {
                    "this is no public Ed25519 key in PEM"
                };
                bad(source, message, "take it out of the private key with `openssl pkey -in key.pem -pubout -out key.pub.pem`")
            })
    }

    /// SHA-256 of the 32 bytes of the key, in hex.
    pub fn id(&self) -> String {
        sha256(self.0.as_bytes())
    }

    /// Strictly: no signature can be bent into another that is good too, and no weak key passes.
    pub(super) fn has_signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verify_strict(bytes, &signature).is_ok())
    }
}

fn bad(source: &str, message: &str, help: &str) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::new(
            Severity::Error,
            "key-bad",
            message,
            "without a key nothing can be signed or checked",
            help,
        )
        .at(Location::source(source)),
    )
}

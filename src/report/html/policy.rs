//! What the page may do: nothing but show itself.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Forbids every request, frame, form and base; allows these styles and this script by digest.
pub(super) fn content_security_policy(styles: &[&str], script: &str) -> String {
    let styles: Vec<String> = styles.iter().map(|style| source(style)).collect();
    format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        styles.join(" "),
        source(script)
    )
}

fn source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// A digest as people compare it.
pub(super) fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The foot of every printed page: which evidence this is, so that a lost sheet finds its way back.
pub(super) fn paper_style(digest: &str) -> String {
    format!("@page{{@bottom-left{{content:\"flowproof · evidence sha256 {digest}\"}}}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_one_that_browsers_compute() {
        // From the CSP specification's example: alert('Hello, world.');
        let policy = content_security_policy(&[], "alert('Hello, world.');");
        assert!(policy.contains("'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"));
        assert!(policy.starts_with("default-src 'none'; "));
        assert!(!policy.contains("unsafe"));
    }
}

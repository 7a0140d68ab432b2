//! The evidence, and what else is told to machines, as a document: nothing left out, nothing added.

use crate::diag::hides;
use crate::model::evidence::Evidence;

/// Any document, pretty-printed, with a newline at the end: the same document, the same bytes.
///
/// # Errors
/// serde_json's, which has no cause to refuse.
pub fn json_of(document: &impl serde::Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = tamed(serde_json::to_string_pretty(document)?);
    text.push('\n');
    Ok(text.into_bytes())
}

impl Evidence {
    /// Pretty-printed, with a newline at the end. Maps in it are sorted, so the same evidence gives the same bytes.
    ///
    /// # Errors
    /// serde_json's, which has no cause to refuse.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        json_of(self)
    }
}

/// The same JSON for whoever parses it, and harmless to a terminal that it is shown on: JSON itself asks to escape only the
/// controls below U+0020, and U+009B is as good an escape code as any. Such characters stand in strings only.
fn tamed(json: String) -> String {
    let tame = |byte: u8| byte == b'\n' || (b' '..=b'~').contains(&byte);
    // Nearly all are ASCII, which a vector at a time is seen of.
    if json.bytes().fold(true, |all, byte| all & tame(byte)) {
        return json;
    }
    let wild = |c: char| c != '\n' && hides(c);
    let mut out = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if wild(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped_and_parses_to_the_same() {
        let wild = "a\u{9b}31m\u{202e}\u{7f}\u{e0041}\u{1b}ü";
        let json = tamed(serde_json::to_string_pretty(&[wild]).unwrap());
        assert_eq!(
            json,
            "[\n  \"a\\u009b31m\\u202e\\u007f\\udb40\\udc41\\u001bü\"\n]"
        );
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), [wild]);
    }
}

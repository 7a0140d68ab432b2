//! Text and places as SARIF reads them.

use crate::report::shown::visible;

/// Text for a `message`: no hidden character, no link, no placeholder.
///
/// SARIF gives `[words](target)` and `{0}` a meaning in plain messages too (3.11.5, 3.11.6), and this text is from outside.
pub(super) fn safe(text: &str) -> String {
    let text = visible(text).replace("](", "\\](");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let placeholder = digits > 0 && after.as_bytes().get(digits) == Some(&b'}');
        match after.get(..digits).filter(|_| placeholder) {
            Some(number) => {
                out.push_str(&format!("{{{{{number}}}}}"));
                rest = after.get(digits + 1..).unwrap_or_default();
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out + rest
}

/// A file of the command line as a URI: relative where it was, so that code scanning finds it in the repository.
pub(super) fn uri(file: &str) -> String {
    let file = file.replace('\\', "/");
    let mut relative = file.as_str();
    while let Some(shorter) = relative.strip_prefix("./") {
        relative = shorter;
    }
    let escaped: String = relative.bytes().map(escaped).collect();
    match escaped.as_bytes() {
        [b'/', ..] => format!("file://{escaped}"),
        // `C:/…`
        [drive, b':', ..] if drive.is_ascii_alphabetic() => format!("file:///{escaped}"),
        // `a:b` would read as a scheme.
        _ if escaped
            .split('/')
            .next()
            .is_some_and(|first| first.contains(':')) =>
        {
            format!("./{escaped}")
        }
        _ => escaped,
    }
}

fn escaped(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        b'/' | b'.' | b'-' | b'_' | b'~' | b':' | b'+' | b',' | b'@' | b'=' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_links_nor_placeholders_come_from_outside() {
        #[rustfmt::skip]
        let cases = [
            ("a link",         "[x](http://y)",   "[x\\](http://y)"),
            ("a placeholder",  "a {0} b {12}",    "a {{0}} b {{12}}"),
            ("a field",        "${pkt-dstaddr}",  "${pkt-dstaddr}"),
            ("an open brace",  "{1 {",            "{1 {"),
            ("an escape code", "\u{1b}[2J\u{7}",  "\\u{1b}[2J\\u{{7}}"),
        ];
        for (title, text, expected) in cases {
            assert_eq!(safe(text), expected, "{title}");
        }
    }

    #[test]
    fn a_policy_is_found_where_it_was() {
        #[rustfmt::skip]
        let cases = [
            ("policy.toml",          "policy.toml"),
            ("./net/policy.toml",    "net/policy.toml"),
            ("/srv/policy.toml",     "file:///srv/policy.toml"),
            ("C:\\net\\policy.toml", "file:///C:/net/policy.toml"),
            ("my policy#1.toml",     "my%20policy%231.toml"),
            ("aa:b",                 "./aa:b"),
        ];
        for (file, expected) in cases {
            assert_eq!(uri(file), expected, "{file}");
        }
    }
}

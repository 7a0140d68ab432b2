//! What an input is, by its first bytes and never by its name.

/// An encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sniffed {
    /// Lines.
    Text,
    /// JSON of CloudWatch Logs, Firehose or the AWS CLI.
    Json,
    /// Parquet.
    Parquet,
    /// Zipped.
    Gzip,
    /// Something that this tool does not read, by name.
    Foreign(&'static str),
}

/// Formats that are told by their first bytes, and that no decoder here reads.
const FOREIGN: &[(&[u8], &str)] = &[
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\xff\x06\x00\x00sNaPpY", "snappy"),
    (b"PK\x03\x04", "zip"),
    (b"7z\xbc\xaf", "7z"),
    (b"ORC", "ORC"),
    (b"Obj\x01", "Avro"),
    (b"ARROW1", "Arrow IPC"),
    (b"PARE", "encrypted Parquet"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"%PDF", "PDF"),
    (b"\x7fELF", "ELF"),
    (b"\x89PNG", "PNG"),
];

/// Looks at the first bytes: all there are, or enough to have more than blanks in them.
pub(super) fn sniff(head: &[u8]) -> Sniffed {
    if head.starts_with(b"\x1f\x8b") {
        return Sniffed::Gzip;
    }
    if head.starts_with(b"PAR1") {
        return Sniffed::Parquet;
    }
    if let Some((_, name)) = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Sniffed::Foreign(name);
    }
    // A zero byte among the first is in no text that AWS writes; further on it is one bad record.
    if head.iter().take(4).any(|byte| *byte == 0) {
        return Sniffed::Foreign("binary");
    }
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    match head.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') => Sniffed::Json,
        Some(_) | None => Sniffed::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_tells() {
        #[rustfmt::skip]
        let cases: &[(&str, &[u8], Sniffed)] = &[
            ("a header",         b"version account-id", Sniffed::Text),
            ("nothing",          b"",                   Sniffed::Text),
            ("blanks",           b" \n\n",              Sniffed::Text),
            ("an object",        b"{\"message\":",      Sniffed::Json),
            ("blanks, an array", b"\r\n\t [",           Sniffed::Json),
            ("a mark, an object", b"\xef\xbb\xbf{",     Sniffed::Json),
            ("gzip",             b"\x1f\x8b\x08",       Sniffed::Gzip),
            ("half of gzip",     b"\x1f",               Sniffed::Text),
            ("parquet",          b"PAR1\x15",           Sniffed::Parquet),
            ("zstd",             b"\x28\xb5\x2f\xfd\x04", Sniffed::Foreign("zstd")),
            ("zeros",            b"\0\0\0\0",           Sniffed::Foreign("binary")),
        ];
        for (title, head, expected) in cases {
            assert_eq!(sniff(head), *expected, "{title}");
        }
    }
}

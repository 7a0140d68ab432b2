//! Cuts one JSON value out of bytes that come in pieces: strings and escapes respected, nothing parsed, memory bounded.

use memchr::memchr2;

/// One value that is being cut out.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    kept: Vec<u8>,
    depth: usize,
    in_string: bool,
    escaped: bool,
    begun: bool,
    /// Longer than the limit: passed over, no longer kept.
    over: bool,
}

/// What a step of the cutter leaves.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The value goes on beyond these bytes.
    More,
    /// It has ended; so many bytes were its.
    Done(usize),
}

impl Cutter {
    /// Ready for the next value.
    pub(super) fn clear(&mut self) {
        let mut kept = std::mem::take(&mut self.kept);
        kept.clear();
        *self = Cutter {
            kept,
            ..Cutter::default()
        };
    }

    /// The value; `None` if it is longer than the limit.
    pub(super) fn value(&self) -> Option<&[u8]> {
        (!self.over).then_some(&self.kept)
    }

    /// Takes bytes until the value ends. The first byte of a value is never blank.
    pub(super) fn push(&mut self, bytes: &[u8], limit: usize) -> Step {
        let mut at = 0;
        let mut ended = false;
        while at < bytes.len() && !ended {
            if self.in_string {
                at = self.string(bytes, at);
                ended = !self.in_string && self.depth == 0;
                continue;
            }
            match bytes[at] {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' | b',' | b':' | b' ' | b'\t' | b'\r' | b'\n'
                    if self.depth == 0 && self.begun =>
                {
                    // The end of a number or word is whatever follows; that is not its own.
                    self.keep(&bytes[..at], limit);
                    return Step::Done(at);
                }
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    ended = self.depth == 0;
                }
                _ => {}
            }
            self.begun = true;
            at += 1;
        }
        self.keep(&bytes[..at], limit);
        if ended { Step::Done(at) } else { Step::More }
    }

    /// Inside a string: jumps to what matters. Returns where to go on.
    fn string(&mut self, bytes: &[u8], at: usize) -> usize {
        if self.escaped {
            self.escaped = false;
            return at + 1;
        }
        match memchr2(b'"', b'\\', &bytes[at..]) {
            None => bytes.len(),
            Some(ahead) => {
                if bytes[at + ahead] == b'"' {
                    self.in_string = false;
                } else {
                    self.escaped = true;
                }
                at + ahead + 1
            }
        }
    }

    fn keep(&mut self, bytes: &[u8], limit: usize) {
        if self.over || self.kept.len() + bytes.len() > limit {
            self.over = true;
            self.kept.clear();
        } else {
            self.kept.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_where_json_says_and_wherever_it_is_cut() {
        #[rustfmt::skip]
        let cases = [
            // title,                    bytes,                        value
            ("a string",                 r#""a b",1"#,                 r#""a b""#),
            ("an escaped quote",         r#""a\"b" "#,                 r#""a\"b""#),
            ("an escaped backslash",     r#""a\\","#,                  r#""a\\""#),
            ("a number",                 "12,",                        "12"),
            ("a word",                   "null}",                      "null"),
            ("an object",                r#"{"a":[1,{"b":2}]},"#,      r#"{"a":[1,{"b":2}]}"#),
            ("brackets in a string",     r#"{"a":"]}\"}"}]"#,          r#"{"a":"]}\"}"}"#),
            ("an array",                 "[[],[]]]",                   "[[],[]]"),
        ];
        for (title, bytes, value) in cases {
            for cut in 0..=value.len() {
                let mut cutter = Cutter::default();
                let (head, tail) = bytes.as_bytes().split_at(cut);
                if cutter.push(head, 100) == Step::More {
                    cutter.push(tail, 100);
                }
                assert_eq!(
                    cutter.value(),
                    Some(value.as_bytes()),
                    "{title}, cut at {cut}"
                );
            }
        }
    }

    #[test]
    fn a_value_beyond_the_limit_is_passed_over() {
        let mut cutter = Cutter::default();
        assert_eq!(cutter.push(br#""0123456789","#, 5), Step::Done(12));
        assert_eq!(cutter.value(), None);
        cutter.clear();
        assert_eq!(cutter.push(br#""01","#, 5), Step::Done(4));
        assert_eq!(cutter.value(), Some(&br#""01""#[..]));
    }
}

//! The structure of JSON around the events: bytes between values go in; out comes which value is to be cut out next, and
//! every object that has ended.

/// Arrays in arrays, before it is no log any more.
const DEPTH_MAX: usize = 32;

/// What the next byte that is not blank may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
}

pub(super) enum Frame {
    /// An array of objects of any of the forms.
    Array,
    /// `events` or `logEvents`; its elements are cut out whole. Those of a control message are no records.
    Events {
        skip: bool,
    },
    Object(Envelope),
}

/// What an object has said so far.
#[derive(Default)]
pub(super) struct Envelope {
    pub(super) key: String,
    pub(super) has_events: bool,
    pub(super) has_message: bool,
    pub(super) is_control: bool,
    pub(super) next_page: bool,
}

/// What is being cut out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    Nothing,
    Key,
    Member,
    Event,
    Stray,
}

/// Where the decoder stands.
pub(super) struct Grammar {
    stack: Vec<Frame>,
    expect: Expect,
    cut: Cut,
    /// Bytes of the byte order mark that may still come.
    mark: &'static [u8],
}

impl Grammar {
    pub(super) fn new() -> Grammar {
        Grammar {
            stack: Vec::new(),
            expect: Expect::Value,
            cut: Cut::Nothing,
            mark: b"\xef\xbb\xbf",
        }
    }

    /// What is being cut out.
    pub(super) fn cut(&self) -> Cut {
        self.cut
    }

    /// The innermost thing that is open.
    pub(super) fn frame(&mut self) -> Option<&mut Frame> {
        self.stack.last_mut()
    }

    /// Whether all that was opened is closed.
    pub(super) fn is_closed(&self) -> bool {
        self.cut == Cut::Nothing && self.stack.is_empty()
    }

    /// The value has been cut out, or is given up.
    pub(super) fn taken(&mut self) -> Cut {
        let cut = std::mem::replace(&mut self.cut, Cut::Nothing);
        if cut == Cut::Key {
            self.expect = Expect::Colon;
        } else {
            self.after_value();
        }
        cut
    }

    /// One byte between values; the object that it ends, if it does.
    ///
    /// # Errors
    /// A byte that cannot stand there.
    pub(super) fn byte(&mut self, byte: u8) -> Result<Option<Envelope>, &'static str> {
        if self.mark.first() == Some(&byte) {
            self.mark = &self.mark[1..];
            return Ok(None);
        }
        self.mark = &[];
        if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
            return Ok(None);
        }
        match (self.expect, byte) {
            (Expect::Key | Expect::KeyOrEnd, b'"') => self.begin(Cut::Key),
            (Expect::Colon, b':') => self.expect = Expect::Value,
            (Expect::CommaOrEnd, b',') => {
                let in_object = matches!(self.stack.last(), Some(Frame::Object(_)));
                self.expect = if in_object {
                    Expect::Key
                } else {
                    Expect::Value
                };
            }
            (Expect::KeyOrEnd | Expect::CommaOrEnd, b'}') => return self.end_object().map(Some),
            (Expect::ValueOrEnd | Expect::CommaOrEnd, b']') => self.end_array()?,
            (Expect::Value | Expect::ValueOrEnd, _) => self.value(byte)?,
            (Expect::Key | Expect::KeyOrEnd, _) => return Err("a name in quotes is missing"),
            (Expect::Colon, _) => return Err("a colon is missing"),
            (Expect::CommaOrEnd, _) => return Err("a comma or a bracket is missing"),
        }
        Ok(None)
    }

    /// The first byte of a value.
    fn value(&mut self, byte: u8) -> Result<(), &'static str> {
        if matches!(byte, b'}' | b']' | b',' | b':') {
            return Err("a value is missing");
        }
        let is_events = match self.stack.last() {
            Some(Frame::Events { .. }) => {
                self.begin(Cut::Event);
                return Ok(());
            }
            Some(Frame::Object(envelope)) => {
                Some(matches!(envelope.key.as_str(), "events" | "logEvents"))
            }
            Some(Frame::Array) | None => None,
        };
        match (is_events, byte) {
            (Some(true), b'[') => {
                let mut skip = false;
                if let Some(Frame::Object(envelope)) = self.stack.last_mut() {
                    envelope.has_events = true;
                    skip = envelope.is_control;
                }
                self.open(Frame::Events { skip }, Expect::ValueOrEnd)
            }
            (Some(_), _) => {
                self.begin(Cut::Member);
                Ok(())
            }
            (None, b'{') => self.open(Frame::Object(Envelope::default()), Expect::KeyOrEnd),
            (None, b'[') => self.open(Frame::Array, Expect::ValueOrEnd),
            (None, _) if self.stack.is_empty() => Err("an object or an array is missing"),
            (None, _) => {
                self.begin(Cut::Stray);
                Ok(())
            }
        }
    }

    fn open(&mut self, frame: Frame, expect: Expect) -> Result<(), &'static str> {
        if self.stack.len() >= DEPTH_MAX {
            return Err("arrays stand in arrays too deep");
        }
        self.stack.push(frame);
        self.expect = expect;
        Ok(())
    }

    fn begin(&mut self, cut: Cut) {
        self.cut = cut;
    }

    fn after_value(&mut self) {
        self.expect = if self.stack.is_empty() {
            Expect::Value
        } else {
            Expect::CommaOrEnd
        };
    }

    fn end_array(&mut self) -> Result<(), &'static str> {
        match self.stack.pop() {
            Some(Frame::Array | Frame::Events { .. }) => {
                self.after_value();
                Ok(())
            }
            Some(Frame::Object(_)) | None => Err("a bracket closes what it did not open"),
        }
    }

    fn end_object(&mut self) -> Result<Envelope, &'static str> {
        let Some(Frame::Object(envelope)) = self.stack.pop() else {
            return Err("a bracket closes what it did not open");
        };
        self.after_value();
        Ok(envelope)
    }
}

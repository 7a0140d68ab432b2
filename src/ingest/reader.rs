//! Reads one input to its end: an [`Input`] goes in, [`FlowBatch`]es and an [`InputReport`] come out. It never fails: what
//! cannot be read stands in the report.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::diag::{Diagnostic, show};
use crate::ingest::complaint::unreadable;
use crate::ingest::decoder::Decoder;
use crate::ingest::file::FileRanges;
use crate::ingest::json::JsonDecoder;
use crate::ingest::options::ReadOptions;
use crate::ingest::parquet::ParquetReader;
use crate::ingest::records::Records;
use crate::ingest::sniff::{Sniffed, sniff};
use crate::ingest::source::{Input, Ranges};
use crate::ingest::stream::{Stream, fill_part};
use crate::ingest::text::TextDecoder;
use crate::model::batch::FlowBatch;
use crate::model::evidence::InputReport;
use crate::model::format::Format;

/// Bytes a piece: large enough that cuts cost nothing, small enough for the second-level cache.
const PIECE_BYTES: usize = 256 << 10;

/// Where the reader is.
enum Stage {
    /// Text or JSON, piece by piece.
    Pieces(Pieces),
    /// Parquet, by ranges.
    Columns(Box<ParquetReader>),
    /// At its end, good or bad.
    Done,
}

struct Pieces {
    decoder: Box<dyn Decoder>,
    piece: Vec<u8>,
    /// Bytes in the piece.
    len: usize,
    /// What went wrong behind them.
    error: Option<io::Error>,
    /// Bytes before the piece, unzipped.
    bytes: u64,
}

/// Reads one input.
pub struct InputReader {
    input: Input,
    options: ReadOptions,
    records: Records,
    stream: Option<Stream>,
    stage: Stage,
    encoding: &'static str,
    ended: bool,
}

impl InputReader {
    /// Opens an input. A failure shows in the report.
    pub fn open(input: &Input, options: &ReadOptions) -> InputReader {
        let mut reader = InputReader {
            input: input.clone(),
            options: options.clone(),
            records: Records::new(input.uri(), input.flow_log(), options),
            stream: None,
            stage: Stage::Done,
            encoding: "text",
            ended: false,
        };
        if let Err(why) = reader.begin() {
            reader.fail(*why);
        }
        reader
    }

    /// The next records; `None` at the end, good or bad.
    pub fn next_batch(&mut self) -> Option<FlowBatch> {
        loop {
            if let Some(batch) = self.records.next_ready() {
                return Some(batch);
            }
            if matches!(self.stage, Stage::Done) {
                return None;
            }
            if let Err(why) = self.step() {
                self.fail(*why);
            }
        }
    }

    /// What was read, and how well. Asked before [`InputReader::next_batch`] gives `None`, the input is not whole.
    pub fn into_report(mut self) -> InputReport {
        let mut early = !matches!(self.stage, Stage::Done);
        while self.records.next_ready().is_some() {
            early = true;
        }
        if early {
            let early = self.broken("input-interrupted", "it was not read to its end");
            self.fail(*early);
            // What the last step left is as little wanted as the rest.
            while self.records.next_ready().is_some() {}
        }
        let sha256 = match &self.stream {
            Some(stream) if self.ended => Some(stream.sha256()),
            Some(_) | None => None,
        };
        let read = self.stream.as_ref().map_or(0, Stream::count);
        let zipped = self.stream.as_ref().is_some_and(Stream::is_gzip);
        InputReport {
            size: if self.ended {
                read
            } else {
                self.input.size().unwrap_or(read)
            },
            sha256,
            encoding: format!("{}{}", self.encoding, if zipped { "+gzip" } else { "" }),
            flow_log: self.input.flow_log().map(str::to_owned),
            formats: self
                .records
                .formats()
                .iter()
                .map(Format::to_string)
                .collect(),
            ..self.records.ledger.into_report()
        }
    }

    /// Bytes as stored that have been read; for a progress bar.
    pub fn bytes_read(&self) -> u64 {
        let streamed = self.stream.as_ref().map_or(0, Stream::count);
        match &self.stage {
            Stage::Columns(columns) => columns
                .bytes()
                .min(self.input.size().unwrap_or(u64::MAX))
                .max(streamed),
            Stage::Pieces(_) | Stage::Done => streamed,
        }
    }

    /// The formats seen so far; after the first batch at least the first.
    pub fn formats(&self) -> &[Format] {
        self.records.formats()
    }

    /// Opens the stream and looks at what it is.
    fn begin(&mut self) -> Result<(), Box<Diagnostic>> {
        let opened = self.input.opener().open().and_then(Stream::new);
        let mut stream = opened.map_err(|why| self.failed(&why))?;
        let mut piece = vec![0; PIECE_BYTES];
        let (len, error) = fill_part(&mut stream, &mut piece);
        self.stream = Some(stream);
        let line_bytes_max = self.options.limits.line_bytes;
        let decoder: Box<dyn Decoder> = match sniff(&piece[..len]) {
            Sniffed::Text => Box::new(TextDecoder::new(line_bytes_max)),
            Sniffed::Json => Box::new(JsonDecoder::new(line_bytes_max)),
            Sniffed::Parquet => return self.begin_parquet(&piece[..len], error),
            Sniffed::Gzip => return Err(self.broken("input-unreadable", "it is zipped twice")),
            Sniffed::Foreign(name) => {
                let what = format!("it is {name}, not text, JSON or Parquet, plain or gzip");
                return Err(self.broken("input-unreadable", what));
            }
        };
        self.encoding = decoder.encoding();
        self.stage = Stage::Pieces(Pieces {
            decoder,
            piece,
            len,
            error,
            bytes: 0,
        });
        Ok(())
    }

    fn begin_parquet(
        &mut self,
        head: &[u8],
        error: Option<io::Error>,
    ) -> Result<(), Box<Diagnostic>> {
        self.encoding = "parquet";
        if let Some(why) = error {
            return Err(self.failed(&why));
        }
        let zipped = self.stream.as_ref().is_some_and(Stream::is_gzip);
        let direct = if zipped {
            Ok(None)
        } else {
            self.input.opener().ranges()
        };
        let ranges = match direct.map_err(|why| self.failed(&why))? {
            Some(ranges) => ranges,
            None => self.spool(head)?,
        };
        let columns = ParquetReader::open(ranges, &self.options, &mut self.records)?;
        self.stage = Stage::Columns(Box::new(columns));
        Ok(())
    }

    /// Copies what comes only once into a file, to have it in any order.
    fn spool(&mut self, head: &[u8]) -> Result<Box<dyn Ranges>, Box<Diagnostic>> {
        let limit = self.options.limits.object_bytes;
        let mut file = tempfile::tempfile().map_err(|why| self.failed(&why))?;
        let (mut piece, mut bytes) = (head.to_vec(), 0u64);
        while !piece.is_empty() {
            bytes += piece.len() as u64;
            if bytes > limit {
                return Err(self.too_large());
            }
            if self.options.stop.load(Ordering::Relaxed) {
                return Err(self.interrupted());
            }
            file.write_all(&piece).map_err(|why| self.failed(&why))?;
            piece.resize(PIECE_BYTES, 0);
            let (len, error) = match &mut self.stream {
                Some(stream) => fill_part(stream, &mut piece),
                None => (0, None),
            };
            if let Some(why) = error {
                return Err(self.failed(&why));
            }
            piece.truncate(len);
        }
        let ranges = FileRanges::new(file).map_err(|why| self.failed(&why))?;
        Ok(Box::new(ranges))
    }

    /// One piece or range further.
    fn step(&mut self) -> Result<(), Box<Diagnostic>> {
        if self.options.stop.load(Ordering::Relaxed) {
            return Err(self.interrupted());
        }
        match &mut self.stage {
            Stage::Done => Ok(()),
            Stage::Columns(columns) => {
                if columns.step(&mut self.records)? {
                    Ok(())
                } else {
                    self.end()
                }
            }
            Stage::Pieces(_) => self.piece(),
        }
    }

    fn piece(&mut self) -> Result<(), Box<Diagnostic>> {
        let (Stage::Pieces(pieces), Some(stream)) = (&mut self.stage, &mut self.stream) else {
            return Ok(());
        };
        let limit = self.options.limits.object_bytes;
        let room = usize::try_from(limit - pieces.bytes).unwrap_or(usize::MAX);
        let fits = pieces.len.min(room);
        let pushed = pieces
            .decoder
            .push(&pieces.piece[..fits], &mut self.records);
        self.encoding = pieces.decoder.encoding();
        pushed?;
        pieces.bytes += fits as u64;
        if fits < pieces.len {
            return Err(self.too_large());
        }
        if let Some(why) = pieces.error.take() {
            return Err(self.failed(&why));
        }
        if pieces.len == 0 {
            pieces.decoder.finish(&mut self.records)?;
            return self.end();
        }
        (pieces.len, pieces.error) = fill_part(stream, &mut pieces.piece);
        Ok(())
    }

    /// The end, as it should be: the hash is closed, and the size compared with the listing's.
    fn end(&mut self) -> Result<(), Box<Diagnostic>> {
        let stop: Arc<AtomicBool> = Arc::clone(&self.options.stop);
        let drained = match &mut self.stream {
            Some(stream) => stream.drain(|| stop.load(Ordering::Relaxed)),
            None => Ok(()),
        };
        match drained {
            Err(why) if why.kind() == io::ErrorKind::Interrupted => return Err(self.interrupted()),
            Err(why) => return Err(self.failed(&why)),
            Ok(()) => {}
        }
        let (read, listed) = (
            self.stream.as_ref().map_or(0, Stream::count),
            self.input.size(),
        );
        if listed.is_some_and(|listed| read < listed) {
            let what = format!(
                "it has {read} bytes, and had {} when it was listed",
                listed.unwrap_or(0)
            );
            return Err(self.broken("input-truncated", what));
        }
        self.stage = Stage::Done;
        self.ended = true;
        self.records.finish();
        Ok(())
    }

    /// The end, as it should not be: what came before is kept.
    fn fail(&mut self, why: Diagnostic) {
        if let Stage::Pieces(pieces) = &mut self.stage {
            pieces.decoder.cut(&mut self.records);
        }
        self.stage = Stage::Done;
        self.records.ledger.not_whole(why);
        self.records.finish();
    }

    fn broken(&self, code: &'static str, what: impl Into<String>) -> Box<Diagnostic> {
        Box::new(unreadable(code, self.input.uri(), what))
    }

    fn failed(&self, why: &io::Error) -> Box<Diagnostic> {
        let (code, what) = if why.kind() == io::ErrorKind::UnexpectedEof {
            ("input-truncated", "it ends too early")
        } else {
            ("input-unreadable", "it cannot be read, or not to its end")
        };
        Box::new(unreadable(code, self.input.uri(), what).got(show(&why.to_string())))
    }

    fn too_large(&self) -> Box<Diagnostic> {
        let what = format!(
            "it unzips to more than the limit of {} bytes",
            self.options.limits.object_bytes
        );
        self.broken("input-too-large", what)
    }

    fn interrupted(&self) -> Box<Diagnostic> {
        self.broken("input-interrupted", "the run was stopped before its end")
    }
}

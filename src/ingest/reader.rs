//! Reads one input to its end: an [`Input`] goes in, [`FlowBatch`]es and an [`InputReport`] come out. It never fails: what
//! cannot be read stands in the report.

use std::io;
use std::sync::atomic::Ordering;

use crate::ingest::decoder::Decoder;
use crate::ingest::failure::Failure;
use crate::ingest::json::JsonDecoder;
use crate::ingest::options::ReadOptions;
use crate::ingest::parquet::ParquetReader;
use crate::ingest::pieces::{Piece, Pieces};
use crate::ingest::records::Records;
use crate::ingest::sniff::{Sniffed, sniff};
use crate::ingest::source::Input;
use crate::ingest::stream::Stream;
use crate::ingest::text::TextDecoder;
use crate::model::batch::FlowBatch;
use crate::model::evidence::InputReport;
use crate::model::format::Format;

/// Where the reader is.
enum Stage {
    /// Text or JSON, piece by piece.
    Pieces(Pieces),
    /// Parquet, by ranges.
    Columns(Box<ParquetReader>),
    /// At its end, good or bad.
    Done,
}

/// Reads one input.
pub struct InputReader {
    input: Input,
    options: ReadOptions,
    records: Records,
    stream: Option<Stream>,
    stage: Stage,
    encoding: &'static str,
    /// The stamp stands for the bytes: they were read in part, and those asked for are all there.
    stamped: bool,
    ended: bool,
}

impl InputReader {
    /// Opens an input. A failure shows in the report.
    pub fn open(input: &Input, options: &ReadOptions) -> InputReader {
        let mut reader = InputReader {
            input: input.clone(),
            options: options.clone(),
            records: Records::new(input, options),
            stream: None,
            stage: Stage::Done,
            encoding: "text",
            stamped: false,
            ended: false,
        };
        if let Err(why) = reader.begin() {
            reader.fail(why);
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
                self.fail(why);
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
            self.fail(Failure::Left);
            // What the last step left is as little wanted as the rest.
            while self.records.next_ready().is_some() {}
        }
        let sha256 = match &self.stream {
            Some(stream) if self.ended && !self.stamped => Some(stream.sha256()),
            Some(_) | None => None,
        };
        let read = self.stream.as_ref().map_or(0, Stream::count);
        let zipped = self.stream.as_ref().is_some_and(Stream::is_gzip);
        let stamp = self.input.opener().stamp();
        let encoding = self.input.opener().encoding().unwrap_or(self.encoding);
        InputReport {
            size: if self.ended && !self.stamped {
                read
            } else {
                self.input.size().unwrap_or(read)
            },
            sha256,
            etag: stamp.etag,
            version_id: stamp.version_id,
            checksum: stamp.checksum,
            encoding: format!("{encoding}{}", if zipped { "+gzip" } else { "" }),
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

    /// What was read until now, where nobody wants the rest: that takes nothing from the input, for no answer rests on it.
    pub fn left(mut self) -> InputReport {
        self.stage = Stage::Done;
        self.records.finish();
        while self.records.next_ready().is_some() {}
        self.into_report()
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
    fn begin(&mut self) -> Result<(), Failure> {
        if self.begin_columns()? {
            return Ok(());
        }
        let opened = self.input.opener().open()?;
        let stream = Stream::new(opened)?;
        let stream = self.stream.insert(stream);
        let piece = Piece::first(stream, &self.options.stop);
        let line_bytes_max = self.options.limits.line_bytes;
        let uri = self.input.uri();
        let decoder: Box<dyn Decoder> = match sniff(piece.bytes(stream)) {
            Sniffed::Text => Box::new(TextDecoder::new(line_bytes_max)),
            Sniffed::Json => Box::new(JsonDecoder::new(line_bytes_max)),
            Sniffed::Parquet => return self.begin_parquet(piece),
            Sniffed::Gzip => {
                return Err(Failure::new("input-unreadable", uri, "it is zipped twice"));
            }
            Sniffed::Foreign(name) => {
                let what = format!("it is {name}, not text, JSON or Parquet, plain or gzip");
                return Err(Failure::new("input-unreadable", uri, what));
            }
        };
        self.encoding = decoder.encoding();
        self.stage = Stage::Pieces(Pieces::new(decoder, piece));
        Ok(())
    }

    /// Parquet by name and by its last bytes, where the stamp stands for all bytes: no byte is read but those that are needed.
    fn begin_columns(&mut self) -> Result<bool, Failure> {
        const MAGIC: &[u8] = b"PAR1";
        let opener = self.input.opener();
        let Some(mut ranges) = opener
            .is_columnar()
            .then(|| opener.ranges())
            .transpose()?
            .flatten()
        else {
            return Ok(false);
        };
        let size = ranges.size();
        let footed = match size.checked_sub(MAGIC.len() as u64) {
            Some(from) => ranges.read(from..size)? == MAGIC,
            None => false,
        };
        if footed && ranges.is_stamped() {
            (self.encoding, self.stamped) = ("parquet", true);
            let columns = ParquetReader::open(ranges, &self.options, &mut self.records)?;
            self.stage = Stage::Columns(Box::new(columns));
        }
        Ok(self.stamped)
    }

    fn begin_parquet(&mut self, head: Piece) -> Result<(), Failure> {
        self.encoding = "parquet";
        let Some(stream) = &mut self.stream else {
            return Ok(());
        };
        let direct = if stream.is_gzip() {
            None
        } else {
            self.input.opener().ranges()?
        };
        let ranges = match direct {
            Some(ranges) if ranges.is_stamped() => {
                self.stamped = true;
                ranges
            }
            Some(ranges) => ranges,
            None => {
                let limit = self.options.limits.object_bytes;
                Box::new(head.spool(stream, limit, &self.options.stop)?)
            }
        };
        if self.stamped {
            // Ends the transfer of the rest.
            self.stream = None;
        }
        let columns = ParquetReader::open(ranges, &self.options, &mut self.records)?;
        self.stage = Stage::Columns(Box::new(columns));
        Ok(())
    }

    /// One piece or range further.
    fn step(&mut self) -> Result<(), Failure> {
        if self.options.stop.load(Ordering::Relaxed) {
            return Err(Failure::Stopped);
        }
        let more = match (&mut self.stage, &mut self.stream) {
            (Stage::Columns(columns), _) => columns.step(&mut self.records)?,
            (Stage::Pieces(pieces), Some(stream)) => {
                let limit = self.options.limits.object_bytes;
                let stepped = pieces.step(stream, limit, &mut self.records);
                self.encoding = pieces.encoding();
                stepped?
            }
            (Stage::Pieces(_), None) | (Stage::Done, _) => false,
        };
        if more { Ok(()) } else { self.end() }
    }

    /// The end, as it should be: the hash is closed, and the size compared with the listing's.
    fn end(&mut self) -> Result<(), Failure> {
        let stop = &self.options.stop;
        if self.stamped {
            self.stage = Stage::Done;
            self.ended = true;
            self.records.finish();
            return Ok(());
        }
        if let Some(stream) = &mut self.stream {
            match stream.drain(|| stop.load(Ordering::Relaxed)) {
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {
                    return Err(Failure::Stopped);
                }
                drained => drained?,
            }
        }
        let read = self.stream.as_ref().map_or(0, Stream::count);
        if let Some(listed) = self.input.size().filter(|listed| read < *listed) {
            let what = format!("it has {read} bytes, and had {listed} when it was listed");
            return Err(Failure::new("input-truncated", self.input.uri(), what));
        }
        self.stage = Stage::Done;
        self.ended = true;
        self.records.finish();
        Ok(())
    }

    /// The end, as it should not be: what came before is kept.
    fn fail(&mut self, why: Failure) {
        if let Stage::Pieces(pieces) = &mut self.stage {
            pieces.cut(&mut self.records);
        }
        self.stage = Stage::Done;
        let why = why.diagnostic(self.input.uri());
        self.records.ledger.not_whole(why);
        self.records.finish();
    }
}

//! The bytes of local files and of stdin: names in, readers out.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use crate::ingest::source::{Input, Opener, Ranges};

/// A file by name.
pub(super) struct OneFile(pub(super) PathBuf);

impl Opener for OneFile {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(File::open(&self.0)?))
    }

    fn ranges(&self) -> io::Result<Option<Box<dyn Ranges>>> {
        // A pipe with a name (`<(…)`) gives its bytes once.
        if !fs::metadata(&self.0)?.is_file() {
            return Ok(None);
        }
        Ok(Some(Box::new(FileRanges::new(File::open(&self.0)?)?)))
    }
}

/// The standard input, once.
pub(super) struct Stdin;

impl Opener for Stdin {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(io::stdin()))
    }
}

pub(super) fn stdin() -> Input {
    Input::new("-", None, Arc::new(Stdin))
}

/// A file that can be read in any order.
pub(super) struct FileRanges {
    file: File,
    size: u64,
}

impl FileRanges {
    pub(super) fn new(file: File) -> io::Result<FileRanges> {
        let size = file.metadata()?.len();
        Ok(FileRanges { file, size })
    }
}

impl Ranges for FileRanges {
    fn size(&self) -> u64 {
        self.size
    }

    fn read(&mut self, range: Range<u64>) -> io::Result<Vec<u8>> {
        // The range may come from a footer that lies: never take memory for more than the file has.
        if range.start > range.end || range.end > self.size {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        let len = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
        let mut bytes = vec![0; len];
        self.file.seek(SeekFrom::Start(range.start))?;
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_beyond_the_end_takes_no_memory() {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, b"0123456789").unwrap();
        let mut ranges = FileRanges::new(file).unwrap();
        assert_eq!(ranges.read(2..5).unwrap(), b"234");
        assert!(ranges.read(5..u64::MAX).is_err());
    }
}

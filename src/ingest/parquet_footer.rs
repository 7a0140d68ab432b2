//! The end of a Parquet file, which says where everything stands; and what to do when its bytes are not Parquet.

use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ::parquet::DecodeResult;
use ::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder};

use crate::diag::{Diagnostic, show};
use crate::ingest::complaint::unreadable;
use crate::ingest::failure::{Failure, fault_of};
use crate::ingest::source::Ranges;

/// Why a file cannot be read any further.
pub(super) type Broken = Box<Diagnostic>;

/// Reads the metadata at the end of the file.
///
/// # Errors
/// Bytes that cannot be had, or are no footer.
pub(super) fn footer(
    ranges: &mut dyn Ranges,
    bytes: &mut u64,
    uri: &str,
) -> Result<ParquetMetaData, Broken> {
    let bad = |why: String| corrupt(uri, &why);
    let mut decoder = guarded(|| {
        let decoder =
            ParquetMetaDataPushDecoder::try_new(ranges.size()).map_err(|why| why.to_string())?;
        Ok(decoder.with_page_index_policy(PageIndexPolicy::Skip))
    })
    .map_err(bad)?;
    loop {
        let decoded = guarded(|| decoder.try_decode().map_err(|why| why.to_string()));
        match decoded.map_err(bad)? {
            DecodeResult::Data(metadata) => return Ok(metadata),
            DecodeResult::Finished => return Err(corrupt(uri, "it has no footer")),
            DecodeResult::NeedsData(wanted) => {
                for range in wanted {
                    let data = ranges.read(range.clone()).map_err(|why| unread(uri, why))?;
                    *bytes += data.len() as u64;
                    let pushed = guarded(|| {
                        decoder
                            .push_range(range, data.into())
                            .map_err(|why| why.to_string())
                    });
                    pushed.map_err(bad)?;
                }
            }
        }
    }
}

/// A range that could not be had: what AWS says, or a footer that points beyond the end.
pub(super) fn unread(uri: &str, why: io::Error) -> Broken {
    if fault_of(&why).is_some() {
        return Box::new(Failure::from(why).diagnostic(uri));
    }
    corrupt(uri, &why.to_string())
}

thread_local! {
    /// Whether this thread runs code whose panics are caught.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread is one of the `parquet` crate's on a corrupt file: it is caught, and the file is reported as
/// unreadable, so a panic hook need not speak of it.
pub fn panic_is_caught() -> bool {
    GUARDED.get()
}

/// Runs code of the `parquet` crate, which panics on some corrupt files; to us that is one more file that cannot be read.
pub(super) fn guarded<T>(run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let before = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    GUARDED.set(before);
    result.unwrap_or_else(|_| Err("its bytes make the Parquet decoder fail".into()))
}

pub(super) fn corrupt(uri: &str, why: &str) -> Broken {
    Box::new(
        unreadable("input-unreadable", uri, "it is Parquet that cannot be read").got(show(why)),
    )
}

//! The end of a Parquet file, which says where everything stands; and what to do when its bytes are not Parquet.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ::parquet::DecodeResult;
use ::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder};

use crate::diag::{Diagnostic, show};
use crate::ingest::complaint::unreadable;
use crate::ingest::source::Ranges;

/// Why a file cannot be read any further.
pub(super) type Broken = Box<Diagnostic>;

/// Reads the metadata at the end of the file.
pub(super) fn footer(ranges: &mut dyn Ranges, bytes: &mut u64) -> Result<ParquetMetaData, String> {
    let mut decoder = guarded(|| {
        let decoder =
            ParquetMetaDataPushDecoder::try_new(ranges.size()).map_err(|why| why.to_string())?;
        Ok(decoder.with_page_index_policy(PageIndexPolicy::Skip))
    })?;
    loop {
        match guarded(|| decoder.try_decode().map_err(|why| why.to_string()))? {
            DecodeResult::Data(metadata) => return Ok(metadata),
            DecodeResult::Finished => return Err("it has no footer".into()),
            DecodeResult::NeedsData(wanted) => {
                for range in wanted {
                    let data = ranges.read(range.clone()).map_err(|why| why.to_string())?;
                    *bytes += data.len() as u64;
                    guarded(|| {
                        decoder
                            .push_range(range, data.into())
                            .map_err(|why| why.to_string())
                    })?;
                }
            }
        }
    }
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

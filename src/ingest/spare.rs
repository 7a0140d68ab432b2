//! Buffers that are used again: taking fresh memory from the system costs more than unzipping into it.
//!
//! In: how many bytes are wanted. Out: a buffer on loan. Those that hold a file's text are in large pages, where the system has them: of
//! small ones, the first look at each costs a fault, together a tenth of the time that a million records take (docs/benchmarks.md).

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex};

use memmap2::MmapMut;

/// From so many bytes on, large pages (of 2 MiB) are asked for.
const LARGE_BYTES: usize = 8 << 20;

/// Buffers that are used again.
#[derive(Debug, Default)]
pub struct Spare(Mutex<Vec<Memory>>);

/// A buffer on loan: it goes back when it is dropped.
pub(super) struct Buffer {
    pub(super) bytes: Memory,
    home: Arc<Spare>,
}

/// Bytes of our own.
#[derive(Debug)]
pub(super) enum Memory {
    /// From the allocator.
    Allocated(Vec<u8>),
    /// From the system, in large pages where it has them.
    Mapped(MmapMut),
}

impl Memory {
    fn new(len: usize) -> Memory {
        let mapped = (len >= LARGE_BYTES).then(|| MmapMut::map_anon(len).ok());
        match mapped.flatten() {
            Some(map) => {
                // Small pages do as well.
                #[cfg(target_os = "linux")]
                let _ = map.advise(memmap2::Advice::HugePage);
                Memory::Mapped(map)
            }
            None => Memory::Allocated(vec![0; len]),
        }
    }
}

impl Default for Memory {
    fn default() -> Memory {
        Memory::Allocated(Vec::new())
    }
}

impl Deref for Memory {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Memory::Allocated(bytes) => bytes,
            Memory::Mapped(map) => map,
        }
    }
}

impl DerefMut for Memory {
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            Memory::Allocated(bytes) => bytes,
            Memory::Mapped(map) => map,
        }
    }
}

impl Spare {
    /// At least so many bytes, whatever stands in them.
    pub(super) fn take(self: &Arc<Spare>, len: usize) -> Buffer {
        Buffer {
            bytes: self.find(len),
            home: Arc::clone(self),
        }
    }

    fn find(&self, len: usize) -> Memory {
        if let Ok(mut spare) = self.0.lock() {
            // Not one that is much too large: the zipped bytes would hold what the text needs.
            let fits = |bytes: &Memory| bytes.len() >= len && bytes.len() / 4 <= len;
            if let Some(index) = spare.iter().position(fits) {
                return spare.swap_remove(index);
            }
            // One that is a little too small makes room for the larger one.
            let near = |bytes: &Memory| bytes.len() < len && bytes.len() >= len / 4;
            if let Some(index) = spare.iter().position(near) {
                drop(spare.swap_remove(index));
            }
        }
        Memory::new(len + len / 16)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Ok(mut spare) = self.home.0.lock() {
            spare.push(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back_and_one_that_is_too_small_makes_room() {
        for unit in [1, LARGE_BYTES / 1000] {
            let spare = Arc::new(Spare::default());
            let first = spare.take(1000 * unit).bytes.as_ptr();
            assert_eq!(spare.take(900 * unit).bytes.as_ptr(), first);
            drop(spare.take(2000 * unit));
            assert_eq!(spare.0.lock().unwrap().len(), 1);
            drop((spare.take(2000 * unit), spare.take(100 * unit)));
            assert_eq!(spare.0.lock().unwrap().len(), 2);
        }
    }

    #[test]
    fn a_large_buffer_has_room_to_its_end() {
        let spare = Arc::new(Spare::default());
        let mut buffer = spare.take(LARGE_BYTES);
        assert!(matches!(buffer.bytes, Memory::Mapped(_)));
        assert!(buffer.bytes.len() >= LARGE_BYTES);
        buffer.bytes.fill(7);
        assert!(buffer.bytes.iter().all(|byte| *byte == 7));
    }
}

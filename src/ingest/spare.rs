//! Buffers that are used again: taking fresh memory from the system costs more than unzipping into it.
//!
//! In: how many bytes are wanted. Out: a buffer on loan.

use std::sync::{Arc, Mutex};

/// Buffers that are used again.
#[derive(Debug, Default)]
pub struct Spare(Mutex<Vec<Vec<u8>>>);

/// A buffer on loan: it goes back when it is dropped.
pub(super) struct Buffer {
    pub(super) bytes: Vec<u8>,
    home: Arc<Spare>,
}

impl Spare {
    /// At least so many bytes, whatever stands in them.
    pub(super) fn take(self: &Arc<Spare>, len: usize) -> Buffer {
        Buffer {
            bytes: self.find(len),
            home: Arc::clone(self),
        }
    }

    fn find(&self, len: usize) -> Vec<u8> {
        if let Ok(mut spare) = self.0.lock() {
            // Not one that is much too large: the zipped bytes would hold what the text needs.
            let fits = |bytes: &Vec<u8>| bytes.len() >= len && bytes.len() / 4 <= len;
            if let Some(index) = spare.iter().position(fits) {
                return spare.swap_remove(index);
            }
            // One that is a little too small makes room for the larger one.
            let near = |bytes: &Vec<u8>| bytes.len() < len && bytes.len() >= len / 4;
            if let Some(index) = spare.iter().position(near) {
                drop(spare.swap_remove(index));
            }
        }
        vec![0; len + len / 16]
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
        let spare = Arc::new(Spare::default());
        let first = spare.take(1000).bytes.as_ptr();
        assert_eq!(spare.take(900).bytes.as_ptr(), first);
        drop(spare.take(2000));
        assert_eq!(spare.0.lock().unwrap().len(), 1);
        drop((spare.take(2000), spare.take(100)));
        assert_eq!(spare.0.lock().unwrap().len(), 2);
    }
}

//! Ctrl-C: the first asks the run to end in order, the second ends it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::output;

/// 128 and SIGINT's number, as shells have it.
pub const EXIT_CODE: u8 = 130;

/// The flag that the first Ctrl-C sets. The second removes unfinished outputs and exits with [`EXIT_CODE`].
///
/// Where the system takes no handler, Ctrl-C ends the process as ever; unfinished outputs then stay under their temporary names.
pub fn install() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&flag);
    let _ = ctrlc::set_handler(move || {
        if is_second(&seen) {
            output::remove_unfinished();
            std::process::exit(i32::from(EXIT_CODE));
        }
    });
    flag
}

fn is_second(flag: &AtomicBool) -> bool {
    flag.swap(true, Ordering::SeqCst)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_ctrl_c_is_told_from_the_first() {
        let flag = AtomicBool::new(false);
        assert!(!is_second(&flag));
        assert!(flag.load(Ordering::SeqCst));
        assert!(is_second(&flag));
    }
}

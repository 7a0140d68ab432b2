//! Ctrl-C: the first asks the run to end in order, the second ends it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::output;

/// 128 and SIGINT's number, as shells have it.
pub const EXIT_CODE: u8 = 130;

/// How long a run may take to end in order. One that waits for a pipe on which nothing comes would not end at all.
const GRACE: Duration = Duration::from_secs(5);

/// The flag that the first Ctrl-C sets. The second, or [`GRACE`] after the first, removes unfinished outputs and exits with
/// [`EXIT_CODE`].
///
/// Where the system takes no handler, Ctrl-C ends the process as ever; unfinished outputs then stay under their temporary names.
pub fn install() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&flag);
    let _ = ctrlc::set_handler(move || {
        if is_second(&seen) {
            end();
        }
        std::thread::spawn(|| {
            std::thread::sleep(GRACE);
            end();
        });
    });
    flag
}

fn end() -> ! {
    output::remove_unfinished();
    std::process::exit(i32::from(EXIT_CODE));
}

fn is_second(flag: &AtomicBool) -> bool {
    flag.swap(true, Ordering::SeqCst)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::process::{Command, Stdio};

    use super::*;
    use crate::cli::output::AtomicFile;

    #[test]
    fn the_second_ctrl_c_is_told_from_the_first() {
        let flag = AtomicBool::new(false);
        assert!(!is_second(&flag));
        assert!(flag.load(Ordering::SeqCst));
        assert!(is_second(&flag));
    }
    const FOLDER: &str = "FLOWPROOF_TEST_INTERRUPT";

    /// The process that the next test interrupts; by itself it does nothing.
    #[test]
    fn child() {
        let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
            return;
        };
        let flag = install();
        let _out = AtomicFile::create(&folder.join("report")).unwrap();
        fs::write(folder.join("ready"), "").unwrap();
        wait_for(|| flag.load(Ordering::SeqCst));
        fs::write(folder.join("asked"), "").unwrap();
        wait_for(|| false);
    }

    fn wait_for(done: impl Fn() -> bool) {
        for _ in 0..3_000 {
            if done() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("30 s have passed");
    }

    #[test]
    fn the_second_ctrl_c_leaves_no_file_and_ends_with_130() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "cli::interrupt::tests::child"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let interrupt = || {
            let pid = child.id().to_string();
            let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
            assert!(sent.success());
        };
        wait_for(|| folder.path().join("ready").exists());
        interrupt();
        wait_for(|| folder.path().join("asked").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
        interrupt();
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(i32::from(EXIT_CODE)));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}

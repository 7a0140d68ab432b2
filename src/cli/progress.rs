//! A progress bar on stderr, where somebody looks at it.

use std::fmt::Write;
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

const DRAWS_PER_S: u8 = 10;
const KNOWN: &str = "{bytes} of {total_bytes} [{bar:30}] {records}, {rate}, {eta} left";
const UNKNOWN: &str = "{bytes}, {records}, {rate}";

/// Counts what was read. All threads may add to it; without a terminal it only counts.
pub struct Progress {
    bar: ProgressBar,
    records: Arc<AtomicU64>,
}

impl Progress {
    /// A bar over `total_bytes`, if they are known, when stderr is a terminal and `quiet` is not asked for.
    pub fn new(total_bytes: Option<u64>, quiet: bool) -> Self {
        let target = if !quiet && std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr_with_hz(DRAWS_PER_S)
        } else {
            ProgressDrawTarget::hidden()
        };
        Progress::on(target, total_bytes)
    }

    fn on(target: ProgressDrawTarget, total_bytes: Option<u64>) -> Self {
        let records = Arc::new(AtomicU64::new(0));
        let (read, rated) = (Arc::clone(&records), Arc::clone(&records));
        let template = if total_bytes.is_some() {
            KNOWN
        } else {
            UNKNOWN
        };
        let style = ProgressStyle::default_bar()
            .progress_chars("=> ")
            .with_key("records", move |_: &ProgressState, out: &mut dyn Write| {
                let _ = write!(out, "{} records", HumanCount(read.load(Ordering::Relaxed)));
            })
            .with_key("rate", move |state: &ProgressState, out: &mut dyn Write| {
                let rate = per_second(rated.load(Ordering::Relaxed), state.elapsed().as_millis());
                let _ = write!(out, "{}/s", HumanCount(rate));
            });
        let bar = ProgressBar::with_draw_target(total_bytes, target);
        // A test holds that both templates are well-formed; without one the bar has indicatif's own looks.
        if let Ok(style) = style.template(template) {
            bar.set_style(style);
        }
        Progress { bar, records }
    }

    /// Bytes as stored, read since the last call.
    pub fn add_bytes(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    /// Records read since the last call.
    pub fn add_records(&self, records: u64) {
        self.records.fetch_add(records, Ordering::Relaxed);
    }

    /// Takes the bar off the screen.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

fn per_second(count: u64, elapsed_ms: u128) -> u64 {
    let rate = u128::from(count) * 1_000 / elapsed_ms.max(1);
    u64::try_from(rate).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_well_formed() {
        for template in [KNOWN, UNKNOWN] {
            assert!(
                ProgressStyle::default_bar().template(template).is_ok(),
                "{template}"
            );
        }
    }

    #[test]
    fn threads_add_up() {
        let progress = Progress::on(ProgressDrawTarget::hidden(), Some(8_000));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        progress.add_bytes(1);
                        progress.add_records(2);
                    }
                });
            }
        });
        assert_eq!(progress.bar.position(), 8_000);
        assert_eq!(progress.records.load(Ordering::Relaxed), 16_000);
    }

    #[test]
    fn rates_do_not_overflow_or_divide_by_zero() {
        assert_eq!(per_second(500, 0), 500_000);
        assert_eq!(per_second(500, 2_000), 250);
        assert_eq!(per_second(u64::MAX, 1), u64::MAX);
    }
}

//! How far `carnet node run` is with logs that it copies: a bar on a terminal, elsewhere log lines.

use crate::progress;
use carnet_node::run::{CopyWatch, Copying};
use std::time::{Duration, Instant};

/// Pause between two log lines.
const LINES: Duration = Duration::from_secs(10);

/// Shows it until the node stops. Where log lines are for programs, so is this.
pub async fn show(mut watch: CopyWatch, message: String, is_json: bool) {
    if progress::is_shown() && !is_json {
        let mut bar: Option<progress::Copying> = None;
        while let Some(Copying { copied, remaining, .. }) = watch.next().await {
            let shown = bar.take();
            if remaining > 0 {
                let shown =
                    shown.unwrap_or_else(|| progress::Copying::among_lines(message.clone()));
                shown.show(copied, remaining);
                bar = Some(shown);
            } else if let Some(shown) = shown {
                shown.end();
                done(copied);
            }
        }
        return;
    }
    let mut lines = Lines::default();
    while let Some(copying) = watch.next().await {
        if !lines.is_due(&copying, Instant::now()) {
            continue;
        }
        let Copying { copied, remaining, per_second, logs } = copying;
        match remaining {
            0 => done(copied),
            _ => tracing::info!(copied, remaining, per_second, logs, "copying logs"),
        }
    }
}

fn done(copied: u64) {
    tracing::info!(copied, "the logs are copied");
}

/// When the last line was written of what is being copied.
#[derive(Default)]
struct Lines(Option<Instant>);

impl Lines {
    /// The first and the last look are told, and in between one every ten seconds.
    fn is_due(&mut self, copying: &Copying, now: Instant) -> bool {
        if copying.remaining == 0 {
            self.0 = None;
            return true;
        }
        let is_due = self.0.is_none_or(|last| now.saturating_duration_since(last) >= LINES);
        if is_due {
            self.0 = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_first_last_and_every_ten_seconds() {
        let start = Instant::now();
        let mut lines = Lines::default();
        let mut is_due = |second, remaining| {
            let copying = Copying { copied: 0, remaining, per_second: 0, logs: 1 };
            lines.is_due(&copying, start + Duration::from_secs(second))
        };
        let due: Vec<u64> = (0..25).filter(|second| is_due(*second, 1)).collect();
        assert_eq!(due, [0, 10, 20]);
        assert!(is_due(25, 0));
        assert!(is_due(26, 1), "another time begins anew");
    }
}

//! Progress of long work, on stderr and only when that is a terminal.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use std::io::{self, IsTerminal, Write};
use std::sync::LazyLock;
use std::time::Duration;

/// How often a spinner turns.
const TURN: Duration = Duration::from_millis(120);

/// Bars among log lines: these are written above them.
static AMONG_LINES: LazyLock<MultiProgress> =
    LazyLock::new(|| MultiProgress::with_draw_target(target()));

/// Shows `done/total` and a bar for work of known length.
pub fn bar(total: u64, message: impl Into<String>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), target()).with_message(message.into());
    match ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} {eta}") {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}

/// Shows that work of unknown length goes on.
pub fn spinner(message: impl Into<String>) -> ProgressBar {
    let spinner = ProgressBar::with_draw_target(None, target()).with_message(message.into());
    if !spinner.is_hidden() {
        spinner.enable_steady_tick(TURN);
    }
    spinner
}

/// Shows how logs are copied, entry by entry.
pub struct Copying(ProgressBar);

impl Copying {
    /// Shows it by itself.
    pub fn alone(message: String) -> Self {
        Self(bar(0, message))
    }

    /// Shows it among log lines that go to a [`Lines`].
    pub fn among_lines(message: String) -> Self {
        let bar = bar(0, message).with_finish(ProgressFinish::AndClear);
        Self(AMONG_LINES.add(bar))
    }

    /// Shows how many entries were copied, and how many are missing.
    pub fn show(&self, copied: u64, missing: u64) {
        self.0.set_length(copied.saturating_add(missing));
        self.0.set_position(copied);
    }

    /// Takes it away.
    pub fn end(self) {
        self.0.finish_and_clear();
    }
}

/// Writes log lines to stderr, above the bars that stand there.
pub struct Lines;

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        AMONG_LINES.suspend(|| io::stderr().write(line))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Returns whether there is anybody to show progress to.
pub fn is_shown() -> bool {
    io::stderr().is_terminal()
}

fn target() -> ProgressDrawTarget {
    if is_shown() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() }
}

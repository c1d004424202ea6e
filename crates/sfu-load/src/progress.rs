//! What a person sees meanwhile: one line, on a terminal only.

use std::io::{IsTerminal, Write, stderr};

use crate::meter::Row;

const WIDTH: usize = 20;

/// The line.
pub(crate) struct Progress {
    shown: bool,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { shown: !quiet && stderr().is_terminal() }
    }

    /// Draws it anew. `share` is what of the phase is over. A terminal that is gone is no reason to stop.
    pub(crate) fn draw(&self, phase: &str, share: f64, row: Option<&Row>) {
        if !self.shown {
            return;
        }
        let done = (share.clamp(0.0, 1.0) * WIDTH as f64) as usize;
        let bar = format!("{}{}", "█".repeat(done), "░".repeat(WIDTH - done));
        let numbers = row.map(|row| {
            let server =
                row.server_share.map(|share| format!("  server {:3.0} %", 100.0 * share)).unwrap_or_default();
            format!(
                "  {:7.1} kpps  {:.2} % lost  p99 {:.1} ms{server}  client {:3.0} %",
                row.kpps,
                100.0 * row.share_lost,
                row.p99_ms,
                100.0 * row.client_share
            )
        });
        let _ = write!(stderr(), "\r\x1b[K{phase:10} {bar}{}", numbers.unwrap_or_default());
    }

    pub(crate) fn end(&self) {
        if self.shown {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

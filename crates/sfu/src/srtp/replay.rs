//! Which packets of one SSRC came already (RFC 3711 §3.3.2).

use super::SrtpError;

/// Packets that may arrive late and still be told from replays. 64 is the RFC's minimum; at 500 packets a second 128
/// is a quarter of a second of reordering, more than any jitter buffer waits for. Larger costs memory per SSRC only.
const WINDOW: u64 = 128;

/// Bit `n` says that packet `highest - n` came.
#[derive(Debug, Clone, Default)]
pub(super) struct ReplayWindow {
    highest: u64,
    seen: u128,
}

impl ReplayWindow {
    /// The highest index so far, `None` before the first.
    pub(super) fn highest(&self) -> Option<u64> {
        (self.seen != 0).then_some(self.highest)
    }

    /// Whether a packet of this index may still be opened. Ask before the tag is checked, [`Self::record`] after.
    pub(super) fn check(&self, index: u64) -> Result<(), SrtpError> {
        if self.seen == 0 || index > self.highest {
            return Ok(());
        }
        let age = self.highest - index;
        if age >= WINDOW {
            return Err(SrtpError::TooOld);
        }
        if self.seen >> age & 1 == 1 { Err(SrtpError::Replayed) } else { Ok(()) }
    }

    pub(super) fn record(&mut self, index: u64) {
        if self.seen == 0 {
            *self = Self { highest: index, seen: 1 };
            return;
        }
        if index > self.highest {
            let ahead = index - self.highest;
            self.seen = if ahead < WINDOW { self.seen << ahead } else { 0 } | 1;
            self.highest = index;
        } else if self.highest - index < WINDOW {
            self.seen |= 1 << (self.highest - index);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lets_every_index_in_once(indices in prop::collection::vec(0_u64..1000, 1..400)) {
            let mut window = ReplayWindow::default();
            let mut came = HashSet::new();
            let mut highest = 0;
            for index in indices {
                let expected = if came.contains(&index) && highest - index < WINDOW {
                    Err(SrtpError::Replayed)
                } else if !came.is_empty() && index + WINDOW <= highest {
                    Err(SrtpError::TooOld)
                } else {
                    Ok(())
                };
                prop_assert_eq!(window.check(index), expected);
                if expected.is_ok() {
                    window.record(index);
                    came.insert(index);
                    highest = highest.max(index);
                }
            }
        }
    }
}

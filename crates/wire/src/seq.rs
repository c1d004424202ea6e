//! Counters that wrap: 16-bit sequence numbers and 32-bit time stamps (RFC 3550 §A.1, RFC 1982).

/// Whether `a` comes after `b`, when both are less than half the circle apart.
pub fn is_newer(a: u16, b: u16) -> bool {
    a != b && a.wrapping_sub(b) < 0x8000
}

/// Whether time stamp `a` is later than `b`, when both are less than half the circle apart.
pub fn is_later(a: u32, b: u32) -> bool {
    a != b && a.wrapping_sub(b) < 0x8000_0000
}

/// Turns 16-bit sequence numbers into ones that never wrap.
///
/// Each is placed within half a circle (32 768) of the highest one seen. The first becomes `seq + 65536`, so that
/// packets older than it stay positive. The upper bits are what RFC 3711 §3.3.1 calls the roll-over counter, plus one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unwrapper {
    highest: Option<u64>,
}

impl Unwrapper {
    /// Knows nothing yet.
    pub const fn new() -> Self {
        Self { highest: None }
    }

    /// The extended number of `seq`; remembers it if it is the highest.
    pub fn unwrap(&mut self, seq: u16) -> u64 {
        let extended = self.peek(seq);
        if self.highest.is_none_or(|highest| extended > highest) {
            self.highest = Some(extended);
        }
        extended
    }

    /// The extended number of `seq`, remembering nothing: for packets that are not authenticated yet.
    pub fn peek(&self, seq: u16) -> u64 {
        let Some(highest) = self.highest else { return u64::from(seq) + 0x1_0000 };
        let forward = seq.wrapping_sub(highest as u16);
        if forward < 0x8000 {
            return highest.saturating_add(u64::from(forward));
        }
        let back = u64::from((highest as u16).wrapping_sub(seq));
        // Behind the first circle nothing exists: such a number can only be a jump forward.
        highest.checked_sub(back).unwrap_or_else(|| highest.saturating_add(u64::from(forward)))
    }

    /// The highest extended number seen.
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_survive_the_wrap() {
        assert!(is_newer(0, 65_535));
        assert!(!is_newer(65_535, 0));
        assert!(!is_newer(7, 7));
        assert!(is_later(5, u32::MAX));
        assert!(!is_later(u32::MAX, 5));
    }

    #[test]
    fn unwraps_forwards_and_backwards() {
        let mut unwrapper = Unwrapper::new();
        assert_eq!(unwrapper.unwrap(65_534), 65_536 + 65_534);
        assert_eq!(unwrapper.unwrap(1), 65_536 + 65_537);
        assert_eq!(unwrapper.unwrap(65_535), 65_536 + 65_535, "a late packet goes back");
        assert_eq!(unwrapper.highest(), Some(65_536 + 65_537), "and the highest stays");
    }

    #[test]
    fn a_peek_is_not_remembered() {
        let mut unwrapper = Unwrapper::new();
        unwrapper.unwrap(10);
        assert_eq!(unwrapper.peek(20), 65_556);
        assert_eq!(unwrapper.highest(), Some(65_546));
    }
}

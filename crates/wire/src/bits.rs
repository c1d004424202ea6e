//! Bit by bit, most significant first, with the codes of H.264 §9.1 and of AV1: reads that cannot panic.

/// Bits of a byte string.
#[derive(Debug, Clone)]
pub(crate) struct Bits<'a> {
    rest: &'a [u8],
    /// Bytes that keep start codes out of it (H.264 §7.4.1) are passed over.
    is_escaped: bool,
    zeros: u8,
    byte: u8,
    left: u8,
}

impl<'a> Bits<'a> {
    /// Of an H.264 unit.
    pub(crate) fn escaped(data: &'a [u8]) -> Self {
        Self { is_escaped: true, ..Self::plain(data) }
    }

    /// As they are.
    pub(crate) fn plain(data: &'a [u8]) -> Self {
        Self { rest: data, is_escaped: false, zeros: 0, byte: 0, left: 0 }
    }

    /// Bits that are left of a plain string.
    pub(crate) fn remaining(&self) -> usize {
        8 * self.rest.len() + usize::from(self.left)
    }

    pub(crate) fn bit(&mut self) -> Option<bool> {
        if self.left == 0 {
            let (mut byte, mut rest) = self.rest.split_first()?;
            if self.is_escaped && self.zeros >= 2 && *byte == 3 {
                self.zeros = 0;
                (byte, rest) = rest.split_first()?;
            }
            self.zeros = if *byte == 0 { self.zeros.saturating_add(1) } else { 0 };
            (self.byte, self.rest, self.left) = (*byte, rest, 8);
        }
        self.left -= 1;
        Some(self.byte >> self.left & 1 == 1)
    }

    /// A number of `count` bits, at most 32.
    pub(crate) fn number(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0_u32, |value, _| Some(value << 1 | u32::from(self.bit()?)))
    }

    /// `ue(v)`; longer codes than 16 zeros stand for nothing that a size is made of.
    pub(crate) fn unsigned(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 16 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.number(zeros)?)
    }

    /// `ns(n)` (AV1 §4.10.7): one of `count` numbers, at least one.
    pub(crate) fn one_of(&mut self, count: u32) -> Option<u32> {
        let width = u32::BITS - count.leading_zeros();
        let short = (1 << width) - count;
        let value = self.number(width.saturating_sub(1))?;
        if value < short {
            return Some(value);
        }
        Some((value << 1) - short + u32::from(self.bit()?))
    }

    /// `se(v)`.
    pub(crate) fn signed(&mut self) -> Option<i32> {
        let code = self.unsigned()?.cast_signed();
        Some(if code % 2 == 0 { -(code / 2) } else { code / 2 + 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read() {
        // 1, 010, 011, 00100, 00101: 0 to 4.
        let mut bits = Bits::escaped(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        assert_eq!([(); 5].map(|()| bits.unsigned()), [0, 1, 2, 3, 4].map(Some));
        let mut bits = Bits::escaped(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        assert_eq!([(); 5].map(|()| bits.signed()), [0, 1, -1, 2, -2].map(Some));
        assert_eq!(Bits::escaped(&[0, 0, 0]).unsigned(), None);
        assert_eq!(
            Bits::escaped(&[0, 0, 3, 1]).number(24),
            Some(1),
            "what keeps start codes out is no content"
        );
        assert_eq!(Bits::plain(&[0, 0, 3, 1]).number(24), Some(3));
    }

    #[test]
    fn numbers_of_a_range_are_read() {
        // Of five: 00, 01, 10, 110, 111.
        let mut bits = Bits::plain(&[0b0001_1011, 0b0111_0000]);
        assert_eq!([(); 5].map(|()| bits.one_of(5)), [0, 1, 2, 3, 4].map(Some));
        assert_eq!(Bits::plain(&[]).one_of(1), Some(0), "takes no bit");
    }
}

//! H.264 payloads (RFC 6184 §5): only whether a decoder can begin here.

const NAL_IDR: u8 = 5;
const NAL_SPS: u8 = 7;
const AGGREGATE_STAP_A: u8 = 24;
const FRAGMENT_FU_A: u8 = 28;

/// Whether this packet begins a key frame: it holds an IDR slice or a sequence parameter set.
///
/// A fragment counts only with its first packet. Malformed payloads are no key frames.
pub fn is_key_frame(payload: &[u8]) -> bool {
    let Some(first) = payload.first() else { return false };
    match first & 0x1f {
        AGGREGATE_STAP_A => Aggregate { rest: payload.get(1..).unwrap_or_default() }.any(begins_decoding),
        FRAGMENT_FU_A => {
            payload.get(1).is_some_and(|header| header & 0x80 != 0 && begins_decoding(header & 0x1f))
        }
        kind => begins_decoding(kind),
    }
}

fn begins_decoding(kind: u8) -> bool {
    kind == NAL_IDR || kind == NAL_SPS
}

/// The types of the units in a STAP-A.
struct Aggregate<'a> {
    rest: &'a [u8],
}

impl Iterator for Aggregate<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (size, rest) = self.rest.split_first_chunk()?;
        let (unit, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*size)))?;
        self.rest = rest;
        unit.first().map(|header| header & 0x1f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_units() {
        assert!(is_key_frame(&[0x65, 1]));
        assert!(is_key_frame(&[0x67, 1]));
        assert!(!is_key_frame(&[0x61, 1]));
        assert!(!is_key_frame(&[]));
    }

    #[test]
    fn aggregates_are_searched() {
        assert!(is_key_frame(&[0x78, 0, 1, 0x68, 0, 1, 0x65]));
        assert!(!is_key_frame(&[0x78, 0, 1, 0x68, 0, 1, 0x61]));
        assert!(!is_key_frame(&[0x78, 0xff, 0xff, 0x65]), "a unit past the end");
        assert!(!is_key_frame(&[0x78, 0, 0, 0, 1, 0x65]), "an empty unit ends the search");
    }

    #[test]
    fn only_the_first_fragment_begins_a_frame() {
        assert!(is_key_frame(&[0x7c, 0x85]));
        assert!(!is_key_frame(&[0x7c, 0x45]));
        assert!(!is_key_frame(&[0x7c]));
    }
}

//! AV1 payloads (AV1 RTP specification §4.4): whether a decoder can begin here.

/// Whether this packet is the first of a coded video sequence: the `N` bit of the aggregation header.
pub fn begins_sequence(payload: &[u8]) -> bool {
    payload.first().is_some_and(|header| header & 0x88 == 0x08) // not with `Z`: the rest of something
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_first_packet_begins() {
        assert!(begins_sequence(&[0x08]) && begins_sequence(&[0x18, 1]));
        assert!(!begins_sequence(&[0x88]) && !begins_sequence(&[0x10]) && !begins_sequence(&[]));
    }
}

//! Opening what a peer sent.

use super::SrtpError;
use super::keys::{Cipher, MasterKey};
use super::replay::ReplayWindow;

/// SSRCs of one peer and direction. A browser with 4 sources and 33 slots reports with fewer than 50; a new one is
/// recorded only after its first packet was authenticated.
const MAX_SOURCES: usize = 128;

/// Smallest RTCP packet, which stays in the clear: its header and the sender's SSRC.
const RTCP_CLEAR: usize = 8;

/// E flag: the SRTCP packet is encrypted (RFC 3711 §3.4).
const ENCRYPTED: u32 = 1 << 31;

/// Keys and replay state of one peer's packets.
#[derive(Debug)]
pub struct Inbound {
    rtp: Cipher,
    rtcp: Cipher,
    rtp_sources: Vec<(u32, ReplayWindow)>,
    rtcp_sources: Vec<(u32, ReplayWindow)>,
}

impl Inbound {
    /// For the direction whose sender holds `master`.
    pub fn new(master: &MasterKey) -> Self {
        Self { rtp: master.rtp(), rtcp: master.rtcp(), rtp_sources: Vec::new(), rtcp_sources: Vec::new() }
    }

    /// Opens an RTP packet in place, of which the first `header` bytes (CSRCs and extensions included) are clear.
    ///
    /// Returns the 48-bit packet index and the length of the packet without its tag.
    pub fn open_rtp(&mut self, packet: &mut [u8], header: usize) -> Result<(u64, usize), SrtpError> {
        if header < 12 || packet.len() < header + self.rtp.tag_len() {
            return Err(SrtpError::TooShort);
        }
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        let ssrc = u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]);
        let known = position(&self.rtp_sources, ssrc)?;
        let window = known.map(|at| &self.rtp_sources[at].1);
        let index = guess_index(window.and_then(ReplayWindow::highest), sequence);
        if let Some(window) = window {
            window.check(index)?;
        }
        let end = packet.len() - self.rtp.tag_len();
        match &self.rtp {
            Cipher::Aead(aead) => {
                let (clear, sealed) = packet.split_at_mut(header);
                aead.open(ssrc, index, clear, sealed)?;
            }
            Cipher::Counter(counter) => {
                let (body, tag) = packet.split_at_mut(end);
                counter.verify(body, Some((index >> 16) as u32), tag)?;
                counter.apply(ssrc, index, &mut body[header..]);
            }
        }
        record(&mut self.rtp_sources, known, ssrc, index);
        Ok((index, end))
    }

    /// Opens a compound RTCP packet in place and returns its length without index and tag.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let tag_len = self.rtcp.tag_len();
        if packet.len() < RTCP_CLEAR + 4 + tag_len {
            return Err(SrtpError::TooShort);
        }
        let ssrc = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
        let known = position(&self.rtcp_sources, ssrc)?;
        // AEAD puts the index last (RFC 7714 §9.2), counter mode puts the tag last (RFC 3711 §3.4).
        let word_at = if self.rtcp.is_aead() { packet.len() - 4 } else { packet.len() - 4 - tag_len };
        let word = u32::from_be_bytes([
            packet[word_at],
            packet[word_at + 1],
            packet[word_at + 2],
            packet[word_at + 3],
        ]);
        // An unencrypted packet is legal SRTCP, but nobody with a reason to be here sends one.
        if word & ENCRYPTED == 0 {
            return Err(SrtpError::Authentication);
        }
        let index = u64::from(word & !ENCRYPTED);
        if let Some(at) = known {
            self.rtcp_sources[at].1.check(index)?;
        }
        let end = packet.len() - 4 - tag_len;
        match &self.rtcp {
            Cipher::Aead(aead) => {
                let mut header = [0; RTCP_CLEAR + 4];
                header[..RTCP_CLEAR].copy_from_slice(&packet[..RTCP_CLEAR]);
                header[RTCP_CLEAR..].copy_from_slice(&word.to_be_bytes());
                aead.open(ssrc, index, &header, &mut packet[RTCP_CLEAR..word_at])?;
            }
            Cipher::Counter(counter) => {
                let (body, tag) = packet.split_at_mut(word_at + 4);
                counter.verify(body, None, tag)?;
                counter.apply(ssrc, index, &mut body[RTCP_CLEAR..end]);
            }
        }
        record(&mut self.rtcp_sources, known, ssrc, index);
        Ok(end)
    }
}

/// Where the SSRC's window is, `None` for a new one that there is still room for.
fn position(sources: &[(u32, ReplayWindow)], ssrc: u32) -> Result<Option<usize>, SrtpError> {
    match sources.iter().position(|(known, _)| *known == ssrc) {
        None if sources.len() >= MAX_SOURCES => Err(SrtpError::TooManySources),
        found => Ok(found),
    }
}

fn record(sources: &mut Vec<(u32, ReplayWindow)>, known: Option<usize>, ssrc: u32, index: u64) {
    let at = known.unwrap_or_else(|| {
        sources.push((ssrc, ReplayWindow::default()));
        sources.len() - 1
    });
    sources[at].1.record(index);
}

/// The index nearest to the highest one so far (RFC 3711 §3.3.1 and appendix A). A first packet has roll-over 0.
fn guess_index(highest: Option<u64>, sequence: u16) -> u64 {
    let Some(highest) = highest else { return u64::from(sequence) };
    let ahead = sequence.wrapping_sub(highest as u16) as i16;
    highest.checked_add_signed(i64::from(ahead)).unwrap_or(u64::from(sequence))
}

#[cfg(test)]
mod tests {
    use super::super::{KeyPair, Outbound, Profile};
    use super::*;

    const PROFILES: [Profile; 3] = [Profile::Aes256Gcm, Profile::Aes128Gcm, Profile::Aes128CmSha1];

    fn keys(profile: Profile) -> KeyPair {
        let material: Vec<u8> = (0..profile.keying_material_len() as u8).collect();
        KeyPair::split(profile, &material).unwrap()
    }

    fn packet(sequence: u16) -> Vec<u8> {
        let mut packet = vec![0x80, 96, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9];
        packet[2..4].copy_from_slice(&sequence.to_be_bytes());
        packet.extend_from_slice(b"payload");
        packet
    }

    fn sealed(outbound: &mut Outbound, index: u64) -> Vec<u8> {
        let mut bytes = packet(index as u16);
        outbound.seal_rtp(&mut bytes, 0, 12, index);
        bytes
    }

    #[test]
    fn opens_what_the_other_side_sealed_across_the_roll_over() {
        for profile in PROFILES {
            let keys = keys(profile);
            let (mut outbound, mut inbound) = (Outbound::new(&keys.server), Inbound::new(&keys.server));
            for index in [65_534_u64, 65_535, 65_536, 65_538, 65_537] {
                let mut bytes = sealed(&mut outbound, index);
                let (opened, end) = inbound.open_rtp(&mut bytes, 12).unwrap();
                assert_eq!(opened, index);
                assert_eq!(bytes[..end], packet(index as u16));
            }
        }
    }

    #[test]
    fn refuses_replays_forgeries_and_stumps() {
        for profile in PROFILES {
            let keys = keys(profile);
            let (mut outbound, mut inbound) = (Outbound::new(&keys.client), Inbound::new(&keys.client));
            let first = sealed(&mut outbound, 100);
            inbound.open_rtp(&mut first.clone(), 12).unwrap();
            assert_eq!(inbound.open_rtp(&mut first.clone(), 12), Err(SrtpError::Replayed));
            let mut forged = sealed(&mut outbound, 101);
            *forged.last_mut().unwrap() ^= 1;
            assert_eq!(inbound.open_rtp(&mut forged, 12), Err(SrtpError::Authentication));
            assert_eq!(inbound.open_rtp(&mut sealed(&mut outbound, 101), 12).unwrap().0, 101);
            assert_eq!(inbound.open_rtp(&mut [0x80; 15], 12), Err(SrtpError::TooShort));
            inbound.open_rtp(&mut sealed(&mut outbound, 400), 12).unwrap();
            assert_eq!(inbound.open_rtp(&mut sealed(&mut outbound, 102), 12), Err(SrtpError::TooOld));
        }
    }

    #[test]
    fn opens_rtcp_once() {
        for profile in PROFILES {
            let keys = keys(profile);
            let (mut outbound, mut inbound) = (Outbound::new(&keys.server), Inbound::new(&keys.server));
            let plain = [0x80, 201, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4];
            let mut bytes = plain.to_vec();
            outbound.seal_rtcp(&mut bytes, 0);
            let again = bytes.clone();
            let end = inbound.open_rtcp(&mut bytes).unwrap();
            assert_eq!(bytes[..end], plain);
            assert_eq!(inbound.open_rtcp(&mut again.clone()), Err(SrtpError::Replayed));
        }
    }

    #[test]
    fn bounds_the_sources_of_one_peer() {
        let keys = keys(Profile::Aes128Gcm);
        let (mut outbound, mut inbound) = (Outbound::new(&keys.server), Inbound::new(&keys.server));
        let mut open = |ssrc: u32| {
            let mut bytes = packet(1);
            bytes[8..12].copy_from_slice(&ssrc.to_be_bytes());
            outbound.seal_rtp(&mut bytes, 0, 12, 1);
            inbound.open_rtp(&mut bytes, 12)
        };
        for ssrc in 0..MAX_SOURCES as u32 {
            open(ssrc).unwrap();
        }
        assert_eq!(open(9999), Err(SrtpError::TooManySources));
    }
}

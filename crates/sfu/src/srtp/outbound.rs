//! Sealing what is sent to a peer, in the buffer that is sent.

use super::aead::Aead;
use super::counter::Counter;
use super::keys::{Cipher, MasterKey};

/// E flag: the SRTCP packet is encrypted (RFC 3711 §3.4).
const ENCRYPTED: u32 = 1 << 31;

/// Smallest RTCP packet, which stays in the clear.
const RTCP_CLEAR: usize = 8;

/// Keys of everything that is sent to one peer.
#[derive(Debug)]
pub struct Outbound {
    rtp: Cipher,
    rtcp: Cipher,
    /// One index for all SSRCs that report here; unique per key, which is what AEAD needs (RFC 7714 §9.1).
    rtcp_index: u32,
}

impl Outbound {
    /// For the direction whose sender holds `master`.
    pub fn new(master: &MasterKey) -> Self {
        Self { rtp: master.rtp(), rtcp: master.rtcp(), rtcp_index: 0 }
    }

    /// Seals the RTP packet that `buffer` holds from `start` on, and appends its tag.
    ///
    /// `header` is the length of its clear part. `index` is roll-over counter and sequence number; the caller never
    /// uses one twice for an SSRC.
    pub fn seal_rtp(&mut self, buffer: &mut Vec<u8>, start: usize, header: usize, index: u64) {
        let packet = &mut buffer[start..];
        let ssrc = u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]);
        match &self.rtp {
            Cipher::Aead(aead) => {
                let (clear, payload) = packet.split_at_mut(header);
                let tag = aead.seal(ssrc, index, clear, payload);
                buffer.extend_from_slice(&tag);
            }
            Cipher::Counter(counter) => {
                counter.apply(ssrc, index, &mut packet[header..]);
                let tag = counter.tag(packet, Some((index >> 16) as u32));
                buffer.extend_from_slice(&tag);
            }
        }
    }

    /// Seals an RTP packet whose payload is `plain` and lies elsewhere. `packet` begins with the clear part, of `header`
    /// bytes, and has [`Outbound::tag_bytes`] more than both.
    pub(crate) fn seal_rtp_from(
        &self,
        plain: &[u8],
        packet: &mut [u8],
        header: usize,
        ssrc: u32,
        index: u64,
    ) {
        match &self.rtp {
            Cipher::Aead(aead) => {
                let (clear, sealed) = packet.split_at_mut(header);
                aead.seal_from(ssrc, index, clear, plain, sealed);
            }
            Cipher::Counter(counter) => {
                let end = header + plain.len();
                packet[header..end].copy_from_slice(plain);
                counter.apply(ssrc, index, &mut packet[header..end]);
                let tag = counter.tag(&packet[..end], Some((index >> 16) as u32));
                packet[end..].copy_from_slice(&tag);
            }
        }
    }

    /// Bytes that a sealed RTP packet has more.
    pub(crate) fn tag_bytes(&self) -> usize {
        match &self.rtp {
            Cipher::Aead(_) => Aead::TAG,
            Cipher::Counter(_) => Counter::TAG,
        }
    }

    /// Seals the compound RTCP packet that `buffer` holds from `start` on, and appends index and tag.
    pub fn seal_rtcp(&mut self, buffer: &mut Vec<u8>, start: usize) {
        self.rtcp_index = (self.rtcp_index + 1) & !ENCRYPTED;
        let word = (self.rtcp_index | ENCRYPTED).to_be_bytes();
        let index = u64::from(self.rtcp_index);
        let packet = &mut buffer[start..];
        let ssrc = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
        match &self.rtcp {
            Cipher::Aead(aead) => {
                let mut header = [0; RTCP_CLEAR + 4];
                header[..RTCP_CLEAR].copy_from_slice(&packet[..RTCP_CLEAR]);
                header[RTCP_CLEAR..].copy_from_slice(&word);
                let tag = aead.seal(ssrc, index, &header, &mut packet[RTCP_CLEAR..]);
                buffer.extend_from_slice(&tag);
                buffer.extend_from_slice(&word);
            }
            Cipher::Counter(counter) => {
                counter.apply(ssrc, index, &mut packet[RTCP_CLEAR..]);
                buffer.extend_from_slice(&word);
                let tag = counter.tag(&buffer[start..], None);
                buffer.extend_from_slice(&tag);
            }
        }
    }
}

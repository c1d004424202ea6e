//! Unguessable numbers from the seed in the configuration, so that a simulation repeats exactly.

use aws_lc_rs::hmac;

/// Letters of ICE credentials (RFC 8839 §5.4: `ice-char`). 64 of them, so that a byte maps without bias.
const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// HMAC-SHA256 of a counter, keyed by the seed.
#[derive(Debug)]
pub(crate) struct Random {
    key: hmac::Key,
    counter: u64,
}

impl Random {
    pub(crate) fn new(seed: &[u8; 32]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, seed), counter: 0 }
    }

    pub(crate) fn bytes(&mut self) -> [u8; 32] {
        self.counter += 1;
        let tag = hmac::sign(&self.key, &self.counter.to_be_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(tag.as_ref());
        bytes
    }

    pub(crate) fn u32(&mut self) -> u32 {
        let bytes = self.bytes();
        u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }

    /// `len` letters (at most 32) of 6 random bits each.
    pub(crate) fn ice_chars(&mut self, len: usize) -> String {
        self.bytes().iter().take(len).map(|byte| char::from(ICE_CHARS[usize::from(byte & 63)])).collect()
    }
}

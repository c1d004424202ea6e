//! AES-CM with HMAC-SHA1-80 (RFC 3711): three times dearer than GCM, for peers that offer nothing else.

use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;

use super::SrtpError;

/// A session key with its salt and its authentication key.
pub(super) struct Counter {
    key: EncryptingKey,
    salt: [u8; 14],
    authentication: hmac::Key,
}

impl Counter {
    pub(super) const TAG: usize = 10;

    pub(super) fn new(key: &[u8], salt: [u8; 14], authentication: &[u8]) -> Self {
        let key = UnboundCipherKey::new(&AES_128, key)
            .and_then(EncryptingKey::ctr)
            .expect("AES takes this key length");
        let authentication = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, authentication);
        Self { key, salt, authentication }
    }

    /// Encrypts or decrypts `payload` in place: counter mode is its own inverse (RFC 3711 §4.1.1).
    pub(super) fn apply(&self, ssrc: u32, index: u64, payload: &mut [u8]) {
        let mut iv = [0; 16];
        iv[..14].copy_from_slice(&self.salt);
        for (byte, value) in iv[4..8].iter_mut().zip(ssrc.to_be_bytes()) {
            *byte ^= value;
        }
        for (byte, value) in iv[8..14].iter_mut().zip(&index.to_be_bytes()[2..]) {
            *byte ^= value;
        }
        self.key
            .less_safe_encrypt(payload, EncryptionContext::Iv128(FixedLength::from(iv)))
            .expect("counter mode takes any length");
    }

    /// Tag over `packet` and, for RTP, the roll-over counter that is not sent (RFC 3711 §4.2).
    pub(super) fn tag(&self, packet: &[u8], roll_over: Option<u32>) -> [u8; Self::TAG] {
        let mut context = hmac::Context::with_key(&self.authentication);
        context.update(packet);
        if let Some(roll_over) = roll_over {
            context.update(&roll_over.to_be_bytes());
        }
        let mut tag = [0; Self::TAG];
        tag.copy_from_slice(&context.sign().as_ref()[..Self::TAG]);
        tag
    }

    pub(super) fn verify(&self, packet: &[u8], roll_over: Option<u32>, tag: &[u8]) -> Result<(), SrtpError> {
        verify_slices_are_equal(&self.tag(packet, roll_over), tag).map_err(|_| SrtpError::Authentication)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3711 appendix B.2: the key stream of AES-CM.
    #[test]
    fn makes_the_key_stream_of_rfc_3711() {
        let key =
            [0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c];
        let salt = [0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd];
        let counter = Counter::new(&key, salt, &[0; 20]);
        let mut stream = [0; 48];
        counter.apply(0, 0, &mut stream);
        assert_eq!(
            stream[..16],
            [0xe0, 0x3e, 0xad, 0x09, 0x35, 0xc9, 0x5e, 0x80, 0xe1, 0x66, 0xb1, 0x6d, 0xd9, 0x2b, 0x4e, 0xb4]
        );
        assert_eq!(
            stream[16..32],
            [0xd2, 0x35, 0x13, 0x16, 0x2b, 0x02, 0xd0, 0xf7, 0x2a, 0x43, 0xa2, 0xfe, 0x4a, 0x5f, 0x97, 0xab]
        );
        assert_eq!(
            stream[32..],
            [0x41, 0xe9, 0x5b, 0x3b, 0xb0, 0xa2, 0xe8, 0xdd, 0x47, 0x79, 0x01, 0xe4, 0xfc, 0xa8, 0x94, 0xc0]
        );
    }
}

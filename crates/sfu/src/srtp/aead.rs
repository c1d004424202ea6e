//! AES-GCM for SRTP and SRTCP (RFC 7714).

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::SrtpError;

/// A session key with its salt.
pub(super) struct Aead {
    key: LessSafeKey,
    /// 96 bits.
    salt: u128,
}

impl Aead {
    pub(super) const TAG: usize = 16;

    pub(super) fn new(key: &[u8], salt: [u8; 12]) -> Self {
        let algorithm = if key.len() == 32 { &AES_256_GCM } else { &AES_128_GCM };
        let key = UnboundKey::new(algorithm, key).expect("AES takes this key length");
        let salt = salt.iter().fold(0, |salt, byte| salt << 8 | u128::from(*byte));
        Self { key: LessSafeKey::new(key), salt }
    }

    /// Encrypts `payload` in place; `header` is authenticated with it.
    pub(super) fn seal(&self, ssrc: u32, index: u64, header: &[u8], payload: &mut [u8]) -> [u8; Self::TAG] {
        let tag = self
            .key
            .seal_in_place_separate_tag(self.nonce(ssrc, index), Aad::from(header), payload)
            .expect("a packet is far below the limit of one seal");
        let mut bytes = [0; Self::TAG];
        bytes.copy_from_slice(tag.as_ref());
        bytes
    }

    /// Encrypts `plain` to where `sealed` begins, and writes the tag behind it: `sealed` is as long as both.
    pub(super) fn seal_from(&self, ssrc: u32, index: u64, header: &[u8], plain: &[u8], sealed: &mut [u8]) {
        let (sealed, tag) = sealed.split_at_mut(plain.len());
        self.key
            .seal_out_of_place_scatter(self.nonce(ssrc, index), Aad::from(header), plain, sealed, &[], tag)
            .expect("a packet is far below the limit of one seal");
    }

    /// Decrypts `sealed`, which ends in the tag, in place.
    pub(super) fn open(
        &self,
        ssrc: u32,
        index: u64,
        header: &[u8],
        sealed: &mut [u8],
    ) -> Result<(), SrtpError> {
        self.key
            .open_in_place(self.nonce(ssrc, index), Aad::from(header), sealed)
            .map(|_| ())
            .map_err(|_| SrtpError::Authentication)
    }

    /// RFC 7714 §8.1 (roll-over counter and sequence number) and §9.1 (SRTCP index): both are the 48-bit index after
    /// two zero bytes and the SSRC.
    fn nonce(&self, ssrc: u32, index: u64) -> Nonce {
        let number = u128::from(ssrc) << 48 | u128::from(index & 0xffff_ffff_ffff);
        let [_, _, _, _, nonce @ ..] = (number ^ self.salt).to_be_bytes();
        Nonce::assume_unique_for_key(nonce)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits.chunks(2).map(|c| u8::from_str_radix(std::str::from_utf8(c).unwrap(), 16).unwrap()).collect()
    }

    const PLAIN: &str = "47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573";
    const HEADER: &str = "8040f17b 8041f8d3 5501a0b2";

    fn check(key: &str, sealed: &str) {
        let aead = Aead::new(&hex(key), hex("517569642070726f2071756f").try_into().unwrap());
        let mut payload = hex(PLAIN);
        let tag = aead.seal(0x5501_a0b2, 0xf17b, &hex(HEADER), &mut payload);
        payload.extend_from_slice(&tag);
        assert_eq!(payload, hex(sealed));
        aead.open(0x5501_a0b2, 0xf17b, &hex(HEADER), &mut payload).unwrap();
        assert_eq!(payload[..payload.len() - Aead::TAG], hex(PLAIN));
    }

    /// RFC 7714 §16.1.1.
    #[test]
    fn seals_as_rfc_7714_with_128_bits() {
        check(
            "000102030405060708090a0b0c0d0e0f",
            "f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b
             36de3adf 8833 899d7f27 beb16a91 52cf765e e4390cce",
        );
    }

    /// RFC 7714 §16.2.1.
    #[test]
    fn seals_as_rfc_7714_with_256_bits() {
        check(
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            "32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f
             1ba63799 b87b 7aa3db36 dfffd6b0 f9bb7878 d7a76c13",
        );
    }

    /// RFC 7714 §17.1: an SRTCP packet under the index 0x5d4.
    #[test]
    fn seals_rtcp_as_rfc_7714() {
        let aead = Aead::new(
            &hex("000102030405060708090a0b0c0d0e0f"),
            hex("517569642070726f2071756f").try_into().unwrap(),
        );
        let mut aad = hex("81c8000d 4d617273");
        aad.extend_from_slice(&hex("800005d4"));
        let plain = hex(
            "4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef deadbeef",
        );
        let mut payload = plain.clone();
        let tag = aead.seal(0x4d61_7273, 0x5d4, &aad, &mut payload);
        payload.extend_from_slice(&tag);
        assert_eq!(
            payload,
            hex("63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda
                 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade"),
        );
    }
}

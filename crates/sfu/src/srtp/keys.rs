//! From DTLS keying material to session keys (RFC 5764 §4.2, RFC 3711 §4.3).

use std::fmt;

use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

use super::aead::Aead;
use super::counter::Counter;

/// Salt of the counter-mode key derivation; AEAD salts are shorter and padded with zeros (RFC 7714 §11).
const DERIVATION_SALT: usize = 14;

/// Labels of the key derivation (RFC 3711 §4.3.1, §4.3.2).
mod label {
    pub(super) const RTP_ENCRYPTION: u8 = 0;
    pub(super) const RTP_AUTHENTICATION: u8 = 1;
    pub(super) const RTP_SALT: u8 = 2;
    /// Added to the three above for SRTCP.
    pub(super) const RTCP: u8 = 3;
}

/// Protection profiles that DTLS may choose here (RFC 5764 §4.1.2, RFC 7714 §14.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// `AEAD_AES_256_GCM`
    Aes256Gcm,
    /// `AEAD_AES_128_GCM`
    Aes128Gcm,
    /// `SRTP_AES128_CM_HMAC_SHA1_80`
    Aes128CmSha1,
}

impl Profile {
    const fn key_len(self) -> usize {
        match self {
            Self::Aes256Gcm => 32,
            Self::Aes128Gcm | Self::Aes128CmSha1 => 16,
        }
    }

    const fn salt_len(self) -> usize {
        match self {
            Self::Aes256Gcm | Self::Aes128Gcm => 12,
            Self::Aes128CmSha1 => 14,
        }
    }

    /// Bytes that DTLS must export: both keys and both salts.
    pub const fn keying_material_len(self) -> usize {
        2 * (self.key_len() + self.salt_len())
    }
}

/// One direction's master key and salt.
#[derive(Clone)]
pub struct MasterKey {
    profile: Profile,
    key: Vec<u8>,
    salt: [u8; DERIVATION_SALT],
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey").field("profile", &self.profile).finish_non_exhaustive()
    }
}

/// Both directions, by DTLS role.
#[derive(Debug, Clone)]
pub struct KeyPair {
    /// What the DTLS client sends with.
    pub client: MasterKey,
    /// What the DTLS server sends with.
    pub server: MasterKey,
}

impl KeyPair {
    /// Splits exported keying material: client key, server key, client salt, server salt (RFC 5764 §4.2).
    ///
    /// `None` when its length is not the profile's.
    pub fn split(profile: Profile, material: &[u8]) -> Option<Self> {
        if material.len() != profile.keying_material_len() {
            return None;
        }
        let (client_key, rest) = material.split_at(profile.key_len());
        let (server_key, rest) = rest.split_at(profile.key_len());
        let (client_salt, server_salt) = rest.split_at(profile.salt_len());
        Some(Self {
            client: MasterKey::new(profile, client_key, client_salt)?,
            server: MasterKey::new(profile, server_key, server_salt)?,
        })
    }
}

impl MasterKey {
    /// `None` when the lengths are not the profile's.
    pub fn new(profile: Profile, key: &[u8], salt: &[u8]) -> Option<Self> {
        if key.len() != profile.key_len() || salt.len() != profile.salt_len() {
            return None;
        }
        let mut padded = [0; DERIVATION_SALT];
        padded[..salt.len()].copy_from_slice(salt);
        Some(Self { profile, key: key.to_vec(), salt: padded })
    }

    pub(super) fn rtp(&self) -> Cipher {
        self.cipher(0)
    }

    pub(super) fn rtcp(&self) -> Cipher {
        self.cipher(label::RTCP)
    }

    fn cipher(&self, offset: u8) -> Cipher {
        let mut key = vec![0; self.profile.key_len()];
        self.derive(label::RTP_ENCRYPTION + offset, &mut key);
        match self.profile {
            Profile::Aes256Gcm | Profile::Aes128Gcm => {
                let mut salt = [0; 12];
                self.derive(label::RTP_SALT + offset, &mut salt);
                Cipher::Aead(Aead::new(&key, salt))
            }
            Profile::Aes128CmSha1 => {
                let mut salt = [0; 14];
                self.derive(label::RTP_SALT + offset, &mut salt);
                let mut authentication = [0; 20];
                self.derive(label::RTP_AUTHENTICATION + offset, &mut authentication);
                Cipher::Counter(Box::new(Counter::new(&key, salt, &authentication)))
            }
        }
    }

    /// AES in counter mode over zeros, keyed by the master key (RFC 3711 §4.3.3, RFC 6188 §2 for 256 bits).
    fn derive(&self, label: u8, output: &mut [u8]) {
        let mut iv = [0; 16];
        iv[..DERIVATION_SALT].copy_from_slice(&self.salt);
        // Key derivation rate 0: the key id is the label above a 48-bit index of zeros.
        iv[7] ^= label;
        output.fill(0);
        let algorithm = if self.key.len() == 32 { &AES_256 } else { &AES_128 };
        let key = UnboundCipherKey::new(algorithm, &self.key)
            .and_then(EncryptingKey::ctr)
            .expect("AES takes this key length");
        key.less_safe_encrypt(output, EncryptionContext::Iv128(FixedLength::from(iv)))
            .expect("counter mode takes any length");
    }
}

/// A derived session key, ready for use.
pub(super) enum Cipher {
    Aead(Aead),
    Counter(Box<Counter>),
}

impl Cipher {
    pub(super) fn is_aead(&self) -> bool {
        matches!(self, Self::Aead(_))
    }

    pub(super) fn tag_len(&self) -> usize {
        match self {
            Self::Aead(_) => Aead::TAG,
            Self::Counter(_) => Counter::TAG,
        }
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_aead() { "Aead(..)" } else { "Counter(..)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
    }

    /// RFC 3711 appendix B.3.
    #[test]
    fn derives_the_keys_of_rfc_3711() {
        let master = MasterKey::new(
            Profile::Aes128CmSha1,
            &hex("E1F97A0D3E018BE0D64FA32C06DE4139"),
            &hex("0EC675AD498AFEEBB6960B3AABE6"),
        )
        .unwrap();
        let mut key = [0; 16];
        master.derive(label::RTP_ENCRYPTION, &mut key);
        assert_eq!(key.to_vec(), hex("C61E7A93744F39EE10734AFE3FF7A087"));
        let mut salt = [0; 14];
        master.derive(label::RTP_SALT, &mut salt);
        assert_eq!(salt.to_vec(), hex("30CBBC08863D8C85D49DB34A9AE1"));
        let mut authentication = [0; 94];
        master.derive(label::RTP_AUTHENTICATION, &mut authentication);
        assert_eq!(
            authentication.to_vec(),
            hex(concat!(
                "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCE",
                "E049646C43D9327AD175578EF72270986371C10C9A369AC2F94A8C5FBCDDDC25",
                "6D6E919A48B610EF17C2041E474035766B68642C59BBFC2F34DB60DBDFB2",
            ))
        );
    }

    /// RFC 6188 section 7.2.
    #[test]
    fn derives_the_keys_of_rfc_6188() {
        let master = MasterKey {
            profile: Profile::Aes256Gcm,
            key: hex("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6"),
            salt: hex("3b04803de51ee7c96423ab5b78d2").try_into().unwrap(),
        };
        let mut key = [0; 32];
        master.derive(label::RTP_ENCRYPTION, &mut key);
        assert_eq!(key.to_vec(), hex("5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4"));
        let mut salt = [0; 14];
        master.derive(label::RTP_SALT, &mut salt);
        assert_eq!(salt.to_vec(), hex("fa31791685ca444a9e07c6c64e93"));
    }

    #[test]
    fn refuses_keying_material_of_another_length() {
        for profile in [Profile::Aes256Gcm, Profile::Aes128Gcm, Profile::Aes128CmSha1] {
            let material = vec![7; profile.keying_material_len()];
            assert!(KeyPair::split(profile, &material).is_some());
            assert!(KeyPair::split(profile, &material[1..]).is_none());
        }
    }
}

//! Long-term credentials that expire (draft-uberti-behave-turn-rest-00): the user name says until when, the password is its
//! HMAC with a secret of the server. Nobody's password is stored anywhere.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use wire::stun::INTEGRITY_BYTES;

/// Longest user name looked at: seconds, a colon and an id of 64 characters.
const MAX_USER_BYTES: usize = 128;

/// What a user name says: until when it may be used (seconds since 1970), and who it is.
pub(crate) fn read_user(name: &[u8]) -> Option<(u64, &str)> {
    if name.len() > MAX_USER_BYTES {
        return None;
    }
    let (expiry, user) = std::str::from_utf8(name).ok()?.split_once(':')?;
    let digits = !expiry.is_empty() && expiry.bytes().all(|byte| byte.is_ascii_digit());
    (digits && !user.is_empty()).then_some((expiry.parse().ok()?, user))
}

/// Makes keys from user names.
#[derive(Debug)]
pub(crate) struct Secret(hmac::Key);

impl Secret {
    pub(crate) fn new(secret: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes()))
    }

    /// The key of a user's messages (RFC 8489 §9.2.2: MD5 of user name, realm and password).
    pub(crate) fn key(&self, name: &[u8], realm: &str) -> Key {
        let password = STANDARD.encode(hmac::sign(&self.0, name));
        let mut md5 = Md5::new();
        for part in [name, b":", realm.as_bytes(), b":", password.as_bytes()] {
            md5.update(part);
        }
        Key(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &md5.finalize()))
    }
}

/// Signs and checks one user's messages.
#[derive(Debug, Clone)]
pub(crate) struct Key(hmac::Key);

impl Key {
    pub(crate) fn sign(&self, runs: &[&[u8]]) -> [u8; INTEGRITY_BYTES] {
        let mut context = hmac::Context::with_key(&self.0);
        for run in runs {
            context.update(run);
        }
        let mut tag = [0; INTEGRITY_BYTES];
        tag.copy_from_slice(context.sign().as_ref());
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_is_an_expiry_and_an_id() {
        assert_eq!(read_user(b"1700000000:p_1"), Some((1_700_000_000, "p_1")));
        for wrong in ["", ":", "1:", ":a", "x:a", "+1:a", "-1:a", "99999999999999999999999:a", "1"] {
            assert_eq!(read_user(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(read_user(b"1:\xff"), None);
        assert_eq!(read_user(&[b'1'; 4000]), None);
    }

    /// RFC 8489's key of a user, realm and password (the sample of RFC 5769 §2.4 without string preparation).
    #[test]
    fn the_key_is_the_digest_of_name_realm_and_password() {
        let secret = Secret::new("north");
        let password = STANDARD.encode(hmac::sign(&secret.0, b"1:a"));
        let text = format!("1:a:example.org:{password}");
        let expected = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &Md5::digest(text.as_bytes()));
        let (ours, theirs) = (secret.key(b"1:a", "example.org"), Key(expected));
        assert_eq!(ours.sign(&[b"x"]), theirs.sign(&[b"x"]));
        assert_ne!(ours.sign(&[b"x"]), secret.key(b"2:a", "example.org").sign(&[b"x"]));
    }
}

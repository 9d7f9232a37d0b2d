//! Secrets: 256 random bits, shown once, kept as SHA-256.
//!
//! A fast hash is right here and only here: what is hashed is as random as the hash, so there is nothing to guess.

use crate::error::StateError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;

/// A secret in plain text. It shows itself only when asked by name, never in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// New random bits behind a prefix that tells what they are for, such as `pt_read_`.
    ///
    /// # Errors
    /// [`StateError::Randomness`] when the operating system has none.
    pub fn new(prefix: &str) -> Result<Self, StateError> {
        let mut bits = [0_u8; 32];
        getrandom::fill(&mut bits).map_err(|e| StateError::Randomness(e.to_string()))?;
        Ok(Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bits))))
    }

    /// The text, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn hash(&self) -> String {
        hash(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// SHA-256 of a text in hexadecimal.
pub fn hash(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// A key of 256 bits for [`keyed`].
pub type Key = [u8; 32];

/// A new key.
///
/// # Errors
/// [`StateError::Randomness`] when the operating system has none.
pub fn new_key() -> Result<Key, StateError> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|e| StateError::Randomness(e.to_string()))?;
    Ok(key)
}

/// HMAC-SHA-256 of a text in hexadecimal (RFC 2104): for what is not random, such as an address. Without the key nobody can
/// try addresses against it.
pub fn keyed(key: &[u8], text: &str) -> String {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text.as_bytes()).finalize();
    hex(&Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize())
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A short random id behind a prefix.
pub(crate) fn new_id(prefix: &str) -> Result<String, StateError> {
    let mut bits = [0_u8; 9];
    getrandom::fill(&mut bits).map_err(|e| StateError::Randomness(e.to_string()))?;
    Ok(format!("{prefix}{}", hex(&bits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test cases 2 and 6 of RFC 4231; the key of the second is longer than a block.
    #[test]
    fn keyed_hashes_are_those_of_the_standard() {
        assert_eq!(
            keyed(b"Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            keyed(&[0xaa; 131], "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn a_secret_shows_itself_only_when_asked() {
        let secret = Secret::new("pt_read_").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.reveal().len(), "pt_read_".len() + 43, "256 bits are 43 characters of base64");
        assert_ne!(secret, Secret::new("pt_read_").unwrap());
    }

    #[test]
    fn the_hash_is_sha_256() {
        // The published digest of "abc".
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}

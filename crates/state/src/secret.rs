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

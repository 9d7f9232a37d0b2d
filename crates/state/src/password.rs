//! Passwords: argon2id with the parameters that OWASP names first (19 MiB, two passes, one lane), about 30 ms.

use crate::error::StateError;
use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};

/// Shortest password.
pub(crate) const MIN_LENGTH: usize = 12;
/// Longest, so that hashing stays bounded.
pub(crate) const MAX_LENGTH: usize = 200;

/// What is thought up first: refused whatever its length. Compared in lower case without digits at the end.
const COMMON: &[&str] =
    &["password", "passwordpassword", "administrator", "qwertyuiop", "portolan", "letmein", "iloveyou", "abcdefghijkl"];

/// Whether a password may be used; the error does not repeat it.
pub(crate) fn check(password: &str, name: &str) -> Result<(), StateError> {
    let invalid = |rule| Err(StateError::Invalid { what: "password", got: String::new(), rule });
    let n = password.chars().count();
    if !(MIN_LENGTH..=MAX_LENGTH).contains(&n) {
        return invalid("12 to 200 characters");
    }
    let lower = password.to_lowercase();
    let word = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c == '!');
    let one_character = lower.chars().all(|c| lower.starts_with(c));
    if COMMON.contains(&word) || word.is_empty() || one_character {
        return invalid("not one of those that are tried first");
    }
    if name.chars().count() >= 4 && lower.contains(&name.to_lowercase()) {
        return invalid("without the name in it");
    }
    Ok(())
}

/// Hashes with a salt of its own. Slow on purpose.
pub(crate) fn hash(password: &str) -> Result<String, StateError> {
    let mut bits = [0_u8; 16];
    getrandom::fill(&mut bits).map_err(|e| StateError::Randomness(e.to_string()))?;
    let failed = |e: argon2::password_hash::Error| StateError::Hashing(e.to_string());
    let salt = SaltString::encode_b64(&bits).map_err(failed)?;
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt).map_err(failed)?.to_string())
}

/// Whether a password is the one that was hashed. Slow on purpose. Without a hash it takes as long and is wrong, so
/// that the time does not tell whether a name exists.
pub(crate) fn verify(password: &str, hash: Option<&str>) -> bool {
    let known = hash.and_then(|h| PasswordHash::new(h).ok());
    match known {
        Some(known) => Argon2::default().verify_password(password.as_bytes(), &known).is_ok(),
        None => {
            let mut out = [0_u8; 32];
            let _ = Argon2::default().hash_password_into(password.as_bytes(), b"nobody's salt is this", &mut out);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_argon2id_and_its_own_each_time() {
        let (one, two) = (hash("correct horse battery").unwrap(), hash("correct horse battery").unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, two);
        assert!(verify("correct horse battery", Some(&one)) && verify("correct horse battery", Some(&two)));
        assert!(!verify("correct horse batterz", Some(&one)));
        assert!(!verify("correct horse battery", None) && !verify("x", Some("not a hash")));
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        for bad in ["short", "Password1234!", "aaaaaaaaaaaaaaa", "123456789012", "xx-Margarete-yy"] {
            assert!(check(bad, "margarete").is_err(), "{bad}");
        }
        assert!(check("a sentence nobody says", "margarete").is_ok());
    }
}

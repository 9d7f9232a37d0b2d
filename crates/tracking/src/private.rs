//! What is personal is hashed or dropped before anything is kept.
//!
//! E-mail addresses and phone numbers become SHA-256 in the normal form that `intake` uses for files (trimmed, NFC, lower
//! case; digits without leading zeros), so both ways in give one person. Names, street addresses, birthdays, pictures of
//! people, network addresses and advertising identifiers are dropped: nothing reads them. Of page addresses only the
//! path and the campaign's parameters stay.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

/// SHA-256 in 64 lower-case hexadecimal digits.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::digest(bytes);
    digest.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).map(char::from).collect()
}

/// First 128 bits of SHA-256.
pub(crate) fn hash128(bytes: &[u8]) -> u128 {
    let digest = Sha256::digest(bytes);
    digest.iter().take(16).fold(0, |sum, byte| sum << 8 | u128::from(*byte))
}

/// By which a message is known: 128 bits of the hash of its identifier.
pub fn message_key(message_id: &str) -> u128 {
    hash128(message_id.as_bytes())
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Hash of an e-mail address; `None` where the text is none. A hash stays what it is.
pub fn email_hash(text: &str) -> Option<String> {
    let text = text.trim();
    if is_hash(text) {
        return Some(text.to_ascii_lowercase());
    }
    let (name, host) = text.rsplit_once('@')?;
    let sound = !name.is_empty() && !host.is_empty() && !text.chars().any(char::is_whitespace);
    sound.then(|| sha256_hex(text.nfc().collect::<String>().to_lowercase().as_bytes()))
}

/// Hash of a phone number's digits; `None` for fewer than six of them or more than 17. A hash stays what it is.
pub fn phone_hash(text: &str) -> Option<String> {
    let text = text.trim();
    if is_hash(text) {
        return Some(text.to_ascii_lowercase());
    }
    let body = text.trim_start_matches('\'');
    // The zero in brackets is not dialled from abroad.
    let body = if body.starts_with('+') || body.starts_with("00") { body.replace("(0)", "") } else { body.to_owned() };
    let digits: String = body.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    let sound = (6..=17).contains(&digits.len()) && !body.chars().any(char::is_alphabetic);
    sound.then(|| sha256_hex(digits.as_bytes()))
}

/// An identifier of a shopper: an e-mail address used as one becomes its hash, a number its text.
pub(crate) fn identifier(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => {
            let text = text.trim();
            Some(if text.contains('@') {
                email_hash(text).unwrap_or_else(|| sha256_hex(text.as_bytes()))
            } else {
                text.to_owned()
            })
        }
        Value::Number(n) => Some(n.to_string()),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Keys of traits and properties that name a person and that nothing reads.
const PERSONAL: [&str; 22] = [
    "firstName",
    "first_name",
    "lastName",
    "last_name",
    "fullName",
    "full_name",
    "username",
    "birthday",
    "date_of_birth",
    "avatar",
    "ip",
    "ip_address",
    "ssn",
    "password",
    "token",
    "street",
    "postalCode",
    "postal_code",
    "zip",
    "latitude",
    "longitude",
    "recipient",
];

/// Takes what is personal out of traits: also the name, which for a product or page is no secret.
pub(crate) fn clean_traits(traits: &mut Map<String, Value>) {
    traits.remove("name");
    traits.remove("title");
    clean(traits);
}

/// Takes what is personal out of an object and of the objects in it.
pub(crate) fn clean(map: &mut Map<String, Value>) {
    PERSONAL.iter().for_each(|key| {
        map.remove(*key);
    });
    type Hash = fn(&str) -> Option<String>;
    let hashed: [(&str, Hash); 3] = [("email", email_hash), ("phone", phone_hash), ("phone_number", phone_hash)];
    for (key, hash) in hashed {
        if let Some(value) = map.get_mut(key) {
            let text = match &*value {
                Value::String(text) => hash(text),
                Value::Number(n) => hash(&n.to_string()),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
            };
            *value = text.map_or(Value::Null, Value::String);
        }
    }
    for (key, value) in map.iter_mut() {
        match value {
            Value::String(text) if matches!(key.as_str(), "url" | "referrer" | "link" | "search" | "page_location") => {
                *text = public_part(text);
            }
            Value::Object(inner) => clean(inner),
            Value::Array(items) => items.iter_mut().filter_map(Value::as_object_mut).for_each(clean),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// An address without its fragment and without parameters other than those of campaigns.
pub(crate) fn public_part(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let Some((path, query)) = url.split_once('?') else { return url.to_owned() };
    let kept: Vec<&str> =
        query.split('&').filter(|p| p.starts_with("utm_") && !p.contains("%40") && !p.contains('@')).collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn hashes_equal_the_published_vectors() {
        let mail = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f";
        assert_eq!(email_hash(" John_Smith@gmail.com ").as_deref(), Some(mail));
        assert_eq!(email_hash(mail).as_deref(), Some(mail));
        let number = "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176";
        assert_eq!(phone_hash("+1 (650) 555-1212").as_deref(), Some(number));
        assert_eq!(email_hash("nobody"), None);
        assert_eq!(phone_hash("12345"), None);
    }

    #[test]
    fn what_is_personal_does_not_come_through() {
        let mut traits = json!({"email": "anna@example.org", "phone": 491701234567_i64, "firstName": "Anna", "name": "Anna B",
            "plan": "gold", "address": {"street": "Lindenstr. 1", "city": "Bonn", "country": "DE", "postalCode": "53111"},
            "page": {"url": "https://shop.example/a?email=anna@example.org&utm_source=mail#top"}});
        clean_traits(traits.as_object_mut().unwrap());
        let text = traits.to_string();
        for secret in ["anna@", "Anna", "Linden", "53111", "1701234567"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert_eq!(traits["plan"], "gold");
        assert_eq!(traits["address"], json!({"city": "Bonn", "country": "DE"}));
        assert_eq!(traits["page"]["url"], "https://shop.example/a?utm_source=mail");
        assert_eq!(traits["email"].as_str().map(str::len), Some(64));
    }
}

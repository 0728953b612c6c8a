//! Reads the text of a sealing key, 32 bytes in Base64 or hex, and explains what is wrong with a text that is not a
//! key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

pub(super) const KEY_LEN: usize = 32;

/// The bytes of a key, or a description of what is wrong with its text. The description never quotes the text.
pub(super) fn key_bytes(text: &str) -> Result<Zeroizing<[u8; KEY_LEN]>, String> {
    if let Some(problem) = stray_characters(text) {
        return Err(problem);
    }
    // 64 hex digits are valid Base64 as well, but of 48 bytes.
    let bytes = hex(text).or_else(|| base64(text)).ok_or_else(|| unreadable(text))?;
    let mut key = Zeroizing::new([0; KEY_LEN]);
    if bytes.len() != KEY_LEN {
        return Err(wrong_length(text, &bytes));
    }
    key.copy_from_slice(&bytes);
    Ok(key)
}

/// Characters that were copied along from a file, a shell or a configuration.
fn stray_characters(text: &str) -> Option<String> {
    let name = |stray: char| if matches!(stray, '\n' | '\r') { "a line break" } else { "a blank" };
    let stray = |c: &char| c.is_whitespace() || c.is_control() || *c == '\u{feff}';
    if let Some(last) = text.chars().next_back().filter(stray) {
        return Some(format!("has {} at its end: trim it, as by `.trim()`", name(last)));
    }
    if let Some(first) = text.chars().next().filter(stray) {
        return Some(format!("has {} at its beginning: trim it, as by `.trim()`", name(first)));
    }
    if let Some(inner) = text.chars().find(stray) {
        return Some(format!("has {} in it: a key is one word; give several keys as a list", name(inner)));
    }
    if text.starts_with(['"', '\'']) || text.ends_with(['"', '\'']) {
        return Some("has quotation marks around it: give what is between them".to_owned());
    }
    None
}

fn hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    // A text whose length is that of a key in Base64 is not read as hex.
    let is_hex = text.len().is_multiple_of(2) && text.len() != BASE64_LEN && text.len() != BASE64_LEN - 1;
    if !is_hex {
        return None;
    }
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some(digit(pair[0])? * 16 + digit(pair[1])?))
        .collect::<Option<_>>()
        .map(Zeroizing::new)
}

/// The length of a key in Base64, padding included.
const BASE64_LEN: usize = 44;

/// Decodes both alphabets of RFC 4648, with or without padding.
fn base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let standard = Zeroizing::new(text.trim_end_matches('=').replace('-', "+").replace('_', "/"));
    STANDARD_NO_PAD.decode(&*standard).ok().map(Zeroizing::new)
}

const REMEDY: &str =
    "it must be 32 random bytes, as `openssl rand -base64 32` or `openssl rand -hex 32` prints them";

fn unreadable(text: &str) -> String {
    let length = text.chars().count();
    if length == 2 * KEY_LEN {
        return format!(
            "has 64 characters, as a key in hex has, but not all of them are hex digits; {REMEDY}"
        );
    }
    odd_hex(text).unwrap_or_else(|| format!("is neither Base64 nor hex; {REMEDY}"))
}

/// Hex with a digit too few or too many may also be Base64, but is hardly meant as that.
fn odd_hex(text: &str) -> Option<String> {
    let odd = text.len() % 2 == 1 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    odd.then(|| format!("has {} hex digits, where a key has 64; {REMEDY}", text.len()))
}

fn wrong_length(text: &str, bytes: &[u8]) -> String {
    let as_text = std::str::from_utf8(bytes).map(str::trim).unwrap_or_default();
    if as_text.len() != text.len() && key_bytes(as_text).is_ok() {
        return "was encoded twice: a key in Base64 or hex must not be encoded again".to_owned();
    }
    if text.len() == 2 * KEY_LEN {
        return format!(
            "has 64 characters, as a key in hex has, but not all of them are hex digits (as Base64 it is {} bytes); \
             {REMEDY}",
            bytes.len()
        );
    }
    if let Some(problem) = odd_hex(text) {
        return problem;
    }
    let encoding = if hex(text).is_some() { "hex" } else { "Base64" };
    format!("is {} bytes in {encoding}; {REMEDY}", bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; KEY_LEN] = *b"canary-canary-canary-canary-1234";

    fn in_hex(bytes: &[u8]) -> String {
        let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap();
        bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }

    fn in_base64(bytes: &[u8]) -> String {
        base64::engine::general_purpose::STANDARD.encode(bytes)
    }

    #[test]
    fn a_key_is_read_in_hex_and_in_both_alphabets_of_base64() {
        let urlsafe = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode([0xfb; KEY_LEN]);
        assert!(urlsafe.contains('-') || urlsafe.contains('_'));
        assert_eq!(*key_bytes(&urlsafe).unwrap(), [0xfb; KEY_LEN]);
        for text in [in_hex(&KEY), in_hex(&KEY).to_uppercase(), in_base64(&KEY)] {
            assert_eq!(*key_bytes(&text).unwrap(), KEY, "{text}");
            assert_eq!(*key_bytes(text.trim_end_matches('=')).unwrap(), KEY, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_key_is_said_and_the_key_is_not() {
        let (hex, base64) = (in_hex(&KEY), in_base64(&KEY));
        let bad = [
            (format!("{base64}\n"), "has a line break at its end: trim it"),
            (format!("{hex}\r\n"), "has a line break at its end: trim it"),
            (format!("{hex} "), "has a blank at its end: trim it"),
            (format!("\t{hex}"), "has a blank at its beginning: trim it"),
            (format!("\u{feff}{hex}"), "has a blank at its beginning: trim it"),
            (format!("{base64}\n{base64}"), "has a line break in it: a key is one word"),
            (format!("\"{base64}\""), "has quotation marks around it"),
            (in_base64(&KEY[..16]), "is 16 bytes in Base64"),
            (in_hex(&KEY[..16]), "is 16 bytes in hex"),
            (in_base64(&[7; 33]), "is 33 bytes in Base64"),
            (in_base64(&[7; 64]), "is 64 bytes in Base64"),
            (in_hex(&[7; 64]), "is 64 bytes in hex"),
            (hex[..63].to_owned(), "has 63 hex digits, where a key has 64"),
            (hex[1..].to_owned(), "has 63 hex digits, where a key has 64"),
            (format!("{}g", &hex[..63]), "but not all of them are hex digits"),
            (format!("{}!", &hex[..63]), "but not all of them are hex digits"),
            (in_base64(hex.as_bytes()), "was encoded twice"),
            (in_base64(base64.as_bytes()), "was encoded twice"),
            (in_hex(base64.as_bytes()), "was encoded twice"),
            ("correct horse".replace(' ', "!"), "is neither Base64 nor hex"),
            ("é".repeat(32), "is neither Base64 nor hex"),
            (String::new(), "is 0 bytes"),
        ];
        for (text, expected) in bad {
            let problem = key_bytes(&text).unwrap_err();
            assert!(problem.contains(expected), "{text:?}: {problem}");
            assert!(
                !problem.contains("canary") && (text.is_empty() || !problem.contains(&text)),
                "{problem}"
            );
        }
    }
}

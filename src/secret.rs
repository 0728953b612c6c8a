//! [`Secret`]: text that must never be printed; and [`Redactor`], which removes quotes of secrets from other text.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher as _, Hash, Hasher, RandomState};
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

/// How many consecutive characters of a secret count as a quote of it, since servers may quote parts.
const QUOTE: usize = 12;
/// Text shorter than this is not treated as a secret, since it appears too often by chance.
const LEAST: usize = 4;

/// Text that must never be printed: a key, a token, a client secret, a code.
///
/// It is wiped when dropped and redacted in `Debug`, and has no `Display` or serialization. Its one accessor,
/// [`Secret::expose`], is called only where a secret is sent, stored or returned to its owner. `tests/it/secrets.rs`
/// lists those files.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of the text. The caller has to wipe any other copy.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The SHA-256 of the text, which identifies a secret. Only secrets with enough randomness cannot be guessed from
    /// it.
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = [0; 32];
        digest.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, self.0.as_bytes()).as_ref());
        digest
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Hash for Secret {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_str().hash(state);
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Removes quotes of secrets from other text. Create it once for all texts, since creating it costs a thousand times as
/// much as redacting a text.
///
/// A quote is the whole secret, or a part of at least 12 characters: as it is, form- or percent-encoded, in hex, or in
/// Base64, also within longer encoded text as in HTTP Basic, and with any of its characters escaped as in URLs, JSON or
/// HTML.
pub struct Redactor {
    /// Keyed hashes of all parts of all forms, which reveal nothing about the secrets.
    parts: HashSet<u64>,
    hasher: RandomState,
    /// Forms that are too short to have such a part.
    short: Vec<Zeroizing<String>>,
}

impl Redactor {
    /// A redactor for quotes of `secrets`.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let forms = secrets.into_iter().filter(|secret| secret.len() >= LEAST).flat_map(forms);
        let (short, long): (Vec<_>, Vec<_>) = forms.partition(|form| form.len() < QUOTE);
        let hasher = RandomState::new();
        let parts = long.iter().flat_map(|form| form.as_bytes().windows(QUOTE));
        let parts = parts.map(|part| hasher.hash_one(part)).collect();
        Self { parts, hasher, short: short.into_iter().filter(|form| form.len() >= LEAST).collect() }
    }

    /// `text` with every quote replaced by `[redacted]`.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        // Hex digits can have either case, and lower-casing ASCII keeps every character's place.
        let lower = Zeroizing::new(text.to_ascii_lowercase());
        let mut hidden = vec![false; lower.len()];
        let mut hide = |range: Range<usize>| {
            let length = range.len();
            hidden.iter_mut().skip(range.start).take(length).for_each(|hide| *hide = true);
        };
        self.find(lower.as_bytes(), &mut hide);
        // Servers quote in JSON, URLs and HTML, where any character may be escaped.
        if lower.contains(['%', '\\', '&']) {
            let (unescaped, places) = unescaped(&lower);
            let place = |at: usize| places.get(at).copied().unwrap_or(lower.len());
            self.find(&unescaped, |quote| hide(place(quote.start)..place(quote.end)));
        }
        if !hidden.contains(&true) {
            return Cow::Borrowed(text);
        }
        let mut shown = String::with_capacity(text.len());
        let mut hiding = false;
        for (at, character) in text.char_indices() {
            let hide = hidden.iter().skip(at).take(character.len_utf8()).any(|hide| *hide);
            match (hide, hiding) {
                (true, false) => shown.push_str("[redacted]"),
                (true, true) => {}
                (false, _) => shown.push(character),
            }
            hiding = hide;
        }
        Cow::Owned(shown)
    }
}

impl Redactor {
    /// Calls `visit` with the place of each part of a quote.
    fn find(&self, text: &[u8], mut visit: impl FnMut(Range<usize>)) {
        for (at, part) in text.windows(QUOTE).enumerate() {
            if self.parts.contains(&self.hasher.hash_one(part)) {
                visit(at..at + QUOTE);
            }
        }
        for form in &self.short {
            for (at, part) in text.windows(form.len()).enumerate() {
                if part == form.as_bytes() {
                    visit(at..at + form.len());
                }
            }
        }
    }
}

/// `text`, which is in lower case, without its escapes: `%2f` of URLs, `\u002f` and `\/` of JSON, `&#47;` and `&#x2f;` of
/// HTML. Also returns where each byte begins in `text`.
fn unescaped(text: &str) -> (Zeroizing<Vec<u8>>, Vec<usize>) {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut places = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(rest) = text.as_bytes().get(at..).filter(|rest| !rest.is_empty()) {
        let (byte, length) = escape(rest).unwrap_or((rest.first().copied().unwrap_or_default(), 1));
        bytes.push(byte.to_ascii_lowercase());
        places.push(at);
        at += length;
    }
    (bytes, places)
}

/// The ASCII character that the escape at the beginning of `text` stands for, and the escape's length.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    let number = |digits: &[u8], radix| u8::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok();
    match text {
        [b'%', rest @ ..] => Some((number(rest.get(..2)?, 16)?, 3)),
        [b'\\', b'u', rest @ ..] => Some((number(rest.get(..4)?, 16)?, 6)),
        [b'\\', escaped, ..] if !escaped.is_ascii_alphanumeric() => Some((*escaped, 2)),
        [b'&', b'#', rest @ ..] => {
            let end = rest.iter().take(8).position(|byte| *byte == b';')?;
            let value = match rest.get(..end)? {
                [b'x', digits @ ..] => number(digits, 16)?,
                digits => number(digits, 10)?,
            };
            Some((value, end + 3))
        }
        _ => None,
    }
}

/// The forms in which a secret may appear in other text, in lower case.
fn forms(secret: &str) -> Vec<Zeroizing<String>> {
    let form_encoded = byte_serialize(secret.as_bytes()).collect::<String>();
    let mut forms =
        vec![secret.to_owned(), utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(), hex(secret)];
    // Base64 encodes three bytes as four characters, so text before the secret can shift it by up to two bytes.
    for shift in 0..3 {
        for inner in [secret, &form_encoded] {
            let shifted = Zeroizing::new([&[0; 2][..shift], inner.as_bytes()].concat());
            // The first and last characters also encode bits of the neighbouring text.
            let (before, whole) = (shift.div_ceil(2) + shift, shifted.len() * 4 / 3);
            for text in [STANDARD_NO_PAD.encode(&*shifted), URL_SAFE_NO_PAD.encode(&*shifted)] {
                forms.push(text.get(before..whole).unwrap_or_default().to_owned());
            }
        }
    }
    forms.push(form_encoded);
    forms
        .into_iter()
        .map(|form| {
            let form = Zeroizing::new(form);
            Zeroizing::new(form.to_ascii_lowercase())
        })
        .collect()
}

fn hex(text: &str) -> String {
    let digits = text.bytes().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    fn redact(text: &str, secret: &str) -> String {
        Redactor::new([secret]).redact(text).into_owned()
    }

    #[test]
    fn escaped_quotes_are_found() {
        let secret = "eyJhbGciOi/JSUzI1+NiJ9.abc_def-ghi";
        let redactor = Redactor::new([secret]);
        let each = |escape: fn(u8) -> String| secret.bytes().map(escape).collect::<String>();
        for quote in [
            each(|byte| format!("%{byte:02x}")),
            each(|byte| format!("%{byte:02X}")),
            each(|byte| format!("\\u{byte:04x}")),
            each(|byte| format!("&#{byte};")),
            each(|byte| format!("&#x{byte:x};")),
            secret.replace('/', "\\/"),
            secret.replace('/', "\\u002f").replace('.', "%2e"),
        ] {
            assert_eq!(redactor.redact(&format!("the key {quote} is wrong")), "the key [redacted] is wrong");
        }
        let other = r#"100% of {"a":"b\/c\u00e9"} &amp; &#169; %zz"#;
        assert_eq!(redactor.redact(other), other);
        assert_eq!(Redactor::new(["s3cr3t"]).redact("%733cr3t"), "[redacted]");
    }

    #[test]
    fn one_redactor_hides_all_secrets_in_all_texts() {
        let redactor = Redactor::new(["DCRA1-0123456789abcdef", "short", "no"]);
        assert_eq!(redactor.redact("dcra1-0123456789abcdef"), "[redacted]");
        assert_eq!(redactor.redact("no short one"), "no [redacted] one");
        assert_eq!(redactor.redact("456789abcdef is short"), "[redacted] is [redacted]");
        assert!(matches!(redactor.redact("nothing"), Cow::Borrowed("nothing")));
    }

    #[test]
    fn nothing_else_is_hidden() {
        for text in ["", "Permission denied", "a short key is k", "é: 日本"] {
            assert_eq!(redact(text, "DCRA1-0123456789abcdef"), text);
        }
        assert_eq!(redact("a key is k", "key"), "a key is k", "three characters are no secret");
        assert_eq!(redact("éé canary é", "canary"), "éé [redacted] é");
    }

    #[test]
    fn a_part_is_a_quote_too() {
        let hidden = redact("the key DCRA1-0123456789… is unknown", "DCRA1-0123456789abcdef");
        assert_eq!(hidden, "the key [redacted]… is unknown");
        assert_eq!(redact("key …456789abcdef!", "DCRA1-0123456789abcdef"), "key …[redacted]!");
    }

    proptest! {
        #[test]
        fn no_form_of_a_secret_gets_through(secret in "[!-~]{16,60}", before in "[a-z:]{0,4}", after in "[a-z]{0,4}") {
            let joined = format!("{before}{secret}{after}");
            let form: String = byte_serialize(secret.as_bytes()).collect();
            for quote in [
                joined.clone(),
                byte_serialize(joined.as_bytes()).collect(),
                utf8_percent_encode(&joined, NON_ALPHANUMERIC).to_string().to_lowercase(),
                STANDARD.encode(&joined),
                URL_SAFE.encode(&joined),
                STANDARD.encode(format!("{before}{form}{after}")),
                joined.bytes().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().concat(),
            ] {
                let text = format!("é it was \"{quote}\", which");
                let shown = redact(&text, &secret);
                // What is left of a form is what it shares with its neighbours.
                prop_assert!(shown.contains("[redacted]"), "{}", shown);
                prop_assert!(shown.len() <= "é it was [redacted], which".len() + 40, "{}", shown);
                prop_assert!(!shown.contains(&secret), "{}", shown);
            }
        }
    }

    /// What Python's `bytes.hex`, `base64` (also with text before the secret) and `urllib.parse` make of the secret.
    #[test]
    fn the_forms_are_those_of_other_programs() {
        let secret = "k/\u{e9}+ ~Z1234567890";
        for form in [
            "k/\u{e9}+ ~Z1234567890",
            "6b2fc3a92b207e5a31323334353637383930",
            "6B2FC3A92B207E5A31323334353637383930",
            "ay/DqSsgfloxMjM0NTY3ODkw",
            "ay_DqSsgfloxMjM0NTY3ODkw",
            "Omsvw6krIH5aMTIzNDU2Nzg5MA==",
            "Omsvw6krIH5aMTIzNDU2Nzg5MA",
            "YTprL8OpKyB+WjEyMzQ1Njc4OTA=",
            "YTprL8OpKyB-WjEyMzQ1Njc4OTA",
            "k%2F%C3%A9%2B+%7EZ1234567890",
            "k%2F%C3%A9%2B%20%7EZ1234567890",
            "k%2f%c3%a9%2b%20%7eZ1234567890",
            "azprJTJGJUMzJUE5JTJCKyU3RVoxMjM0NTY3ODkw",
        ] {
            let shown = redact(form, secret);
            // Some characters of Base64 also encode what stands beside the secret.
            assert!(shown.contains("[redacted]") && shown.len() < 20, "{form} is shown as {shown}");
        }
    }

    /// RFC 4648 section 10 has these vectors for Base16.
    #[test]
    fn hex_has_two_digits_for_each_byte() {
        for (text, digits) in [
            ("", ""),
            ("f", "66"),
            ("fo", "666f"),
            ("foo", "666f6f"),
            ("foob", "666f6f62"),
            ("fooba", "666f6f6261"),
            ("foobar", "666f6f626172"),
            ("\0\u{7f}\u{ff}\n", "007fc3bf0a"),
        ] {
            assert_eq!(hex(text), digits, "{text:?}");
        }
    }

    #[test]
    fn a_secret_is_the_text_that_it_was_made_of() {
        let secret = Secret::new("abc");
        assert_eq!(secret.expose(), "abc");
        assert!(!secret.is_empty() && Secret::new("").is_empty());
        // FIPS 180-4 has this vector.
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(secret.digest().map(|byte| format!("{byte:02x}")).concat(), digest);
        let hasher = RandomState::new();
        assert_eq!(hasher.hash_one(&secret), hasher.hash_one(Secret::new("abc")));
        assert_ne!(hasher.hash_one(&secret), hasher.hash_one(Secret::new("abd")));
    }

    /// A form of fewer than twelve characters has to be found as a whole, so none of its characters may depend on the text
    /// before it.
    #[test]
    fn a_short_secret_is_found_in_base64_after_other_text() {
        for before in ["", "a", "ab"] {
            let shown = redact(&STANDARD.encode(format!("{before}s3cr3tpw")), "s3cr3tpw");
            assert!(shown.contains("[redacted]"), "{shown}");
        }
    }

    #[test]
    fn a_backslash_before_a_letter_is_not_an_escape() {
        assert_eq!(redact(r"%61b\cd\ef\gh\ij", r"ab\cd\ef\gh\ij"), "[redacted]");
    }

    #[test]
    fn debug_shows_nothing_of_the_text() {
        assert_eq!(format!("{:?}", Secret::new("DCRA1-canary")), "[redacted]");
    }
}

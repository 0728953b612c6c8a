//! [`Cursor`]: reads strings and words from a place in a text.

use zeroize::Zeroizing;

/// The value of a member.
#[derive(Debug, PartialEq, Eq)]
pub enum Value {
    /// A string with its escapes resolved.
    Text(Zeroizing<String>),
    /// A number or a word such as `true`, as written.
    Bare(Zeroizing<String>),
    /// An object or an array. Its members follow.
    Nested,
    /// A string that does not end, has an invalid escape, or is not followed by what may follow a string.
    Damaged,
}

/// A reading place in a text.
pub(super) struct Cursor<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
    /// Whether an unterminated comment or single-quoted string was found. No later one ends either, and searching for
    /// the end of each would take quadratic time.
    endless_comment: bool,
    pub(super) endless_apostrophe: bool,
    /// Whether a value was not followed by what may follow one.
    pub(super) is_odd: bool,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a [u8], at: usize) -> Self {
        Self { text, at, endless_comment: false, endless_apostrophe: false, is_odd: false }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Skips blanks and comments. Returns whether there were any.
    pub(super) fn skip_blanks(&mut self) -> bool {
        let start = self.at;
        loop {
            let rest = self.rest();
            match rest {
                [b' ' | b'\t' | b'\r' | b'\n', ..] => self.at += 1,
                [b'/', b'/', ..] => self.at += find(rest, b"\n").unwrap_or(rest.len()),
                [b'/', b'*', rest @ ..] if !self.endless_comment => match find(rest, b"*/") {
                    Some(end) => self.at += end + 4,
                    None => self.endless_comment = true,
                },
                _ => break,
            }
        }
        self.at > start
    }

    /// Reads the string that begins here, as written but without its quotes. `None` if it does not end.
    pub(super) fn string(&mut self, quote: u8) -> Option<&'a [u8]> {
        if quote == b'\'' && self.endless_apostrophe {
            return None;
        }
        let start = self.at + 1;
        let mut at = start;
        loop {
            match *self.text.get(at)? {
                b'\\' => at += 2,
                byte if byte == quote => break,
                _ => at += 1,
            }
        }
        self.at = at + 1;
        self.text.get(start..at)
    }

    pub(super) fn string_value(&mut self) -> Value {
        self.string(b'"').map_or(Value::Damaged, |written| self.checked(written))
    }

    /// The value of a string. It is damaged if the next character cannot follow a string, since its closing quote may
    /// then be part of the text.
    pub(super) fn checked(&mut self, written: &[u8]) -> Value {
        self.skip_blanks();
        if !matches!(self.peek(), None | Some(b',' | b'}' | b']')) {
            self.is_odd = true;
            return Value::Damaged;
        }
        unescaped_text(written).map_or(Value::Damaged, Value::Text)
    }

    /// The value of a word that was just read. It is damaged if the next character cannot follow a value.
    pub(super) fn bare(&mut self, word: &[u8]) -> Value {
        self.skip_blanks();
        if matches!(self.peek(), Some(b',' | b'}' | b']')) {
            Value::Bare(lossy(word))
        } else {
            self.is_odd = true;
            Value::Damaged
        }
    }

    /// Reads up to the end of a number or a literal.
    pub(super) fn word(&mut self) -> &'a [u8] {
        let rest = self.rest();
        let ends = |byte: &u8| byte.is_ascii_whitespace() || b",:{}[]\"'\\".contains(byte);
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// Whether a word is a JSON value, or one that programs write by mistake, such as those of JavaScript.
pub(super) fn is_literal(word: &[u8]) -> bool {
    matches!(word, b"true" | b"false" | b"null" | b"NaN" | b"Infinity" | b"-Infinity" | b"undefined")
        || is_number(word)
}

fn is_number(word: &[u8]) -> bool {
    word.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-')
        && word.iter().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte))
}

/// The text of a JSON string. `None` if it has an invalid escape.
pub(super) fn unescaped_text(written: &[u8]) -> Option<Zeroizing<String>> {
    if !written.contains(&b'\\') {
        return Some(lossy(written));
    }
    let mut text = Zeroizing::new(String::with_capacity(written.len()));
    let mut plain = 0;
    let mut at = 0;
    while let Some(byte) = written.get(at) {
        if *byte != b'\\' {
            at += 1;
            continue;
        }
        text.push_str(&lossy(written.get(plain..at)?));
        let (character, length) = escape(written.get(at..)?)?;
        text.push(character);
        at += length;
        plain = at;
    }
    text.push_str(&lossy(written.get(plain..)?));
    Some(text)
}

/// The character of the escape at the beginning of `written`, and the length of the escape.
fn escape(written: &[u8]) -> Option<(char, usize)> {
    let character = match written.get(1)? {
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => {
            let unit = |at: usize| {
                let digits = std::str::from_utf8(written.get(at..at + 4)?).ok()?;
                let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                u16::from_str_radix(digits, 16).ok().filter(|_| is_hex)
            };
            let first = unit(2)?;
            if let Some(character) = char::from_u32(first.into()) {
                return Some((character, 6));
            }
            let second = unit(8).filter(|_| written.get(6..8) == Some(b"\\u"))?;
            let character = char::decode_utf16([first, second]).next()?.ok()?;
            return Some((character, 12));
        }
        quoted @ (b'"' | b'\'' | b'\\' | b'/') => char::from(*quoted),
        _ => return None,
    };
    Some((character, 2))
}

/// Text in UTF-8, or else with one character per byte.
fn lossy(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    })
}

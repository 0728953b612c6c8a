//! [`JsonReader`]: JSON text that is read value by value, in one pass.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

/// JSON text that is read from its beginning to its end. Each method returns `None` if the text is not as expected there.
#[derive(Debug)]
pub(super) struct JsonReader<'a> {
    text: &'a str,
    /// How many bytes were read.
    at: usize,
}

impl<'a> JsonReader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next byte that is not white space. `None` at the end of the text.
    pub(super) fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let blank = rest.iter().position(|byte| !matches!(byte, b' ' | b'\n' | b'\t' | b'\r'))?;
        self.at += blank;
        rest.get(blank).copied()
    }

    /// Reads a value.
    pub(super) fn value<T: Deserialize<'a>>(&mut self) -> Option<T> {
        let mut values = serde_json::Deserializer::from_str(self.text.get(self.at..)?).into_iter();
        let value = values.next()?.ok()?;
        self.at += values.byte_offset();
        Some(value)
    }

    /// Reads a list, whose items `item` reads. Returns the range of its text.
    pub(super) fn list(&mut self, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<Range<usize>> {
        self.consume(b'[')?;
        let start = self.at - 1;
        if self.consume(b']').is_none() {
            item(self)?;
            while self.consume(b',').is_some() {
                item(self)?;
            }
            self.consume(b']')?;
        }
        Some(start..self.at)
    }

    /// Reads an object. `member` reads the value of each member and gets the member's name.
    pub(super) fn object(&mut self, mut member: impl FnMut(&mut Self, &str) -> Option<()>) -> Option<()> {
        self.consume(b'{')?;
        if self.consume(b'}').is_some() {
            return Some(());
        }
        loop {
            let name: &RawValue = self.value()?;
            self.consume(b':')?;
            member(self, &unquoted(name)?)?;
            if self.consume(b',').is_none() {
                return self.consume(b'}');
            }
        }
    }

    /// Reads `byte`. Returns `None`, and reads nothing but white space, if another byte comes first.
    fn consume(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }
}

/// The text that a JSON string stands for. `None` for another value, and for a string that escapes half a character.
pub(super) fn unquoted(string: &RawValue) -> Option<Cow<'_, str>> {
    let quoted = string.get();
    let text = quoted.strip_prefix('"')?.strip_suffix('"')?;
    if text.contains('\\') { serde_json::from_str(quoted).ok().map(Cow::Owned) } else { Some(text.into()) }
}

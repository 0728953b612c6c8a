//! Finds named members in text that was meant to be JSON, whatever is wrong with the rest of it.
//!
//! A parser gives up at the first byte that it does not understand. Where an answer cannot be asked for again, the
//! members that matter must be found all the same. Linear in the length of the text; nothing here recurses deeper than
//! [`MOST_STRINGS`].

use zeroize::Zeroizing;

/// Objects and arrays deeper than this are skipped: no token lies there, and each level takes memory.
const DEEPEST: usize = 256;
/// A longer name is not one that anybody looks for, in bytes as written.
const LONGEST_NAME: usize = 64;
/// JSON may be the text of a string of JSON, this many times.
const MOST_STRINGS: usize = 3;
/// How many members [`scattered`] looks at, so that its work stays bounded.
const MOST_SCATTERED: usize = 256;
/// The longest value that [`scattered`] looks at, in bytes.
const LONGEST_SCATTERED: usize = 64 * 1024;

/// A member of an object, or an element of an array under the array's name.
#[derive(Debug)]
pub struct Member<'a> {
    /// The name in lower case, letters and digits alone: `refresh_token`, `refreshToken` and `refresh-token` are one.
    pub name: &'a str,
    /// The value.
    pub value: Value,
    /// How many objects and arrays the member lies in.
    pub depth: usize,
    /// Which object of the text it belongs to, in the order of their beginnings.
    pub object: usize,
    /// Whether it is an element of an array.
    pub in_array: bool,
}

/// The value of a member.
#[derive(Debug, PartialEq, Eq)]
pub enum Value {
    /// A string, without its escapes.
    Text(Zeroizing<String>),
    /// A number or a word, such as `true`, as it is written.
    Bare(Zeroizing<String>),
    /// An object or an array; its members follow.
    Nested,
    /// A string that does not end, has an escape that means nothing, or runs into what follows it.
    Damaged,
}

/// What a text turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shape {
    /// An object or an array begins in it.
    pub opened: bool,
    /// Every object and array that begins also ends.
    pub closed: bool,
    /// Something in it follows no grammar, so that members may have been missed.
    pub odd: bool,
}

/// Hands each member of the JSON in `text` to `visit`. What stands around the JSON is skipped.
pub fn members(text: &[u8], visit: &mut dyn FnMut(Member<'_>)) -> Shape {
    let mut objects = 0;
    Scan::new(text, visit, 0, &mut objects, 0).run()
}

/// Hands each `"name": value` in `text` to `visit` without regard to what stands around it: for text in which a stray
/// quote hides the structure. `is_wanted` says which names are looked at.
pub fn scattered(text: &[u8], is_wanted: &dyn Fn(&str) -> bool, visit: &mut dyn FnMut(Member<'_>)) {
    let quotes = text.iter().enumerate().filter(|(_, byte)| **byte == b'"').map(|(at, _)| at);
    let mut seen = 0;
    for quote in quotes {
        let rest = text.get(quote + 1..).unwrap_or_default();
        let Some(length) = rest.iter().take(LONGEST_NAME).position(|byte| *byte == b'"') else { continue };
        let name = normalized(rest.get(..length).unwrap_or_default());
        let mut scan = Cursor::new(rest, length + 1);
        scan.skip_blanks();
        if scan.peek() != Some(b':') || !is_wanted(&name) {
            continue;
        }
        scan.at += 1;
        scan.skip_blanks();
        let end = rest.len().min(scan.at.saturating_add(LONGEST_SCATTERED));
        let mut value = Cursor::new(rest.get(..end).unwrap_or_default(), scan.at);
        let value = match value.peek() {
            Some(b'"') => value.string_value(),
            Some(b'{' | b'[') => Value::Nested,
            _ => {
                let word = value.word();
                value.bare(word)
            }
        };
        visit(Member { name: &name, value, depth: 1, object: 1, in_array: false });
        seen += 1;
        if seen == MOST_SCATTERED {
            return;
        }
    }
}

/// `text` with its JSON escapes resolved once, where it may be the text of a JSON string.
pub(super) fn unescaped(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => plain.extend(bytes.next().map(|escaped| match escaped {
                b'n' | b'r' | b't' => b' ',
                other => other,
            })),
            _ => plain.push(byte),
        }
    }
    plain
}

/// A name in lower case, letters and digits alone.
fn normalized(name: &[u8]) -> String {
    let plain = unescaped_text(name);
    let name = plain.as_ref().map_or(name, |plain| plain.as_bytes());
    let letters = name.iter().filter(|byte| byte.is_ascii_alphanumeric());
    letters.map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

/// An object or array that has begun.
struct Level {
    /// Which object this is, or lies in.
    object: usize,
    is_array: bool,
    /// The name that the next value belongs to: of a member, or of the whole array.
    name: Option<String>,
}

struct Scan<'a, 'v> {
    cursor: Cursor<'a>,
    visit: &'v mut dyn FnMut(Member<'_>),
    levels: Vec<Level>,
    /// Levels that are open beyond [`DEEPEST`].
    deeper: usize,
    base: usize,
    objects: &'v mut usize,
    strings: usize,
    shape: Shape,
}

impl<'a, 'v> Scan<'a, 'v> {
    fn new(
        text: &'a [u8],
        visit: &'v mut dyn FnMut(Member<'_>),
        base: usize,
        objects: &'v mut usize,
        strings: usize,
    ) -> Self {
        let cursor = Cursor::new(text, 0);
        Self { cursor, visit, levels: Vec::new(), deeper: 0, base, objects, strings, shape: Shape::default() }
    }

    fn run(mut self) -> Shape {
        while let Some(byte) = self.cursor.peek() {
            match byte {
                b'{' | b'[' => self.open(byte == b'['),
                _ if self.levels.is_empty() => self.cursor.at += 1,
                b'}' | b']' => self.close(byte == b']'),
                b',' => {
                    self.cursor.at += 1;
                    self.end_member();
                }
                b'"' | b'\'' => self.string(byte),
                b'/' | b' ' | b'\t' | b'\r' | b'\n' if self.cursor.skip_blanks() => {}
                _ => self.word(),
            }
        }
        self.shape.closed = self.shape.opened && self.levels.is_empty();
        self.shape.odd |= !self.shape.closed || self.cursor.is_odd;
        self.shape
    }

    fn open(&mut self, is_array: bool) {
        self.cursor.at += 1;
        self.shape.opened = true;
        if self.levels.len() == DEEPEST {
            self.deeper += 1;
            return;
        }
        let outer = self.levels.last();
        let name = outer.and_then(|outer| outer.name.clone()).filter(|_| is_array);
        let object = outer.map_or(0, |outer| outer.object);
        self.emit(Value::Nested);
        let object = if is_array {
            object
        } else {
            *self.objects += 1;
            *self.objects
        };
        self.levels.push(Level { object, is_array, name });
    }

    fn close(&mut self, is_array: bool) {
        self.cursor.at += 1;
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        self.shape.odd |= self.levels.pop().is_some_and(|level| level.is_array != is_array);
    }

    /// The next string of an object is a name again.
    fn end_member(&mut self) {
        if let Some(level) = self.levels.last_mut().filter(|level| !level.is_array && self.deeper == 0) {
            level.name = None;
        }
    }

    fn string(&mut self, quote: u8) {
        let start = self.cursor.at;
        let Some(written) = self.cursor.string(quote) else {
            self.shape.odd = true;
            if quote == b'\'' {
                self.cursor.endless_apostrophe = true;
                self.cursor.at = start + 1;
            } else {
                self.emit(Value::Damaged);
                self.cursor.at = self.cursor.text.len();
            }
            return;
        };
        if self.awaits_name() {
            self.name(written);
        } else {
            let value = self.cursor.checked(written);
            self.emit(value);
        }
    }

    /// A number, a literal, or a name without quotes.
    fn word(&mut self) {
        let word = self.cursor.word();
        if word.is_empty() {
            // A colon, a backslash or another byte that begins nothing.
            self.cursor.at += 1;
            self.shape.odd = true;
        } else if self.awaits_name() {
            self.shape.odd = true;
            self.name(word);
        } else {
            self.shape.odd |= !is_literal(word);
            let value = self.cursor.bare(word);
            self.emit(value);
        }
    }

    fn awaits_name(&self) -> bool {
        self.levels.last().is_some_and(|level| !level.is_array && level.name.is_none())
    }

    fn name(&mut self, written: &[u8]) {
        self.cursor.skip_blanks();
        let is_name = self.cursor.peek() == Some(b':');
        self.shape.odd |= !is_name;
        if is_name {
            self.cursor.at += 1;
            let name = if written.len() > LONGEST_NAME { String::new() } else { normalized(written) };
            if let Some(level) = self.levels.last_mut().filter(|_| self.deeper == 0) {
                level.name = Some(name);
            }
        }
    }

    fn emit(&mut self, value: Value) {
        let Some(level) = self.levels.last().filter(|_| self.deeper == 0) else { return };
        let Some(name) = level.name.as_deref().filter(|name| !name.is_empty()) else { return };
        let (depth, object) = (self.base + self.levels.len(), level.object);
        let is_json = |text: &Zeroizing<String>| text.trim_start().starts_with(['{', '[']);
        if let Value::Text(text) = &value
            && self.strings < MOST_STRINGS
            && is_json(text)
        {
            let (visit, objects) = (&mut *self.visit, &mut *self.objects);
            Scan::new(text.as_bytes(), visit, depth, objects, self.strings + 1).run();
        }
        (self.visit)(Member { name, value, depth, object, in_array: level.is_array });
        self.end_member();
    }
}

/// A place in a text.
struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
    /// Whether a comment, or a string in single quotes, was found not to end: then none does from here on, and looking
    /// again for each would take quadratic time.
    endless_comment: bool,
    endless_apostrophe: bool,
    /// Whether a value runs into what follows it.
    is_odd: bool,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a [u8], at: usize) -> Self {
        Self { text, at, endless_comment: false, endless_apostrophe: false, is_odd: false }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Skips blanks and comments; whether there were any.
    fn skip_blanks(&mut self) -> bool {
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

    /// The string that begins here, as written; its quotes are passed. None: it does not end.
    fn string(&mut self, quote: u8) -> Option<&'a [u8]> {
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

    fn string_value(&mut self) -> Value {
        self.string(b'"').map_or(Value::Damaged, |written| self.checked(written))
    }

    /// A string's value, if what follows is what may follow one: else its closing quote may be none.
    fn checked(&mut self, written: &[u8]) -> Value {
        self.skip_blanks();
        if !matches!(self.peek(), None | Some(b',' | b'}' | b']')) {
            self.is_odd = true;
            return Value::Damaged;
        }
        unescaped_text(written).map_or(Value::Damaged, Value::Text)
    }

    /// The value of a word that was just read, if what follows is what may follow one: else it may be cut off, or not a
    /// value.
    fn bare(&mut self, word: &[u8]) -> Value {
        self.skip_blanks();
        if matches!(self.peek(), Some(b',' | b'}' | b']')) {
            Value::Bare(lossy(word))
        } else {
            self.is_odd = true;
            Value::Damaged
        }
    }

    /// All up to what ends a number or a literal.
    fn word(&mut self) -> &'a [u8] {
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

/// Whether a word is a value of JSON, or one that programs write which mistake JavaScript for JSON.
fn is_literal(word: &[u8]) -> bool {
    matches!(word, b"true" | b"false" | b"null" | b"NaN" | b"Infinity" | b"-Infinity" | b"undefined")
        || is_number(word)
}

fn is_number(word: &[u8]) -> bool {
    word.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-')
        && word.iter().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte))
}

/// The text of a JSON string. None: one of its escapes means nothing.
fn unescaped_text(written: &[u8]) -> Option<Zeroizing<String>> {
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

/// The character of the escape that `written` begins with, and its length.
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

/// Text that is UTF-8, or else what one byte a character comes to.
fn lossy(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        members(text.as_bytes(), &mut |member| {
            let value = match &member.value {
                Value::Text(text) => format!("{:?}", text.as_str()),
                Value::Bare(word) => word.to_string(),
                Value::Nested => "…".to_owned(),
                Value::Damaged => "!".to_owned(),
            };
            found.push(format!("{}@{}={value}", member.name, member.depth));
        });
        found
    }

    #[test]
    fn members_are_found_whatever_stands_around_them() {
        for text in [
            r#"{"a_b":"x"}"#,
            r#")]}',
               {"a_b":"x"}"#,
            r#"callback({"a_b":"x"});"#,
            r#"<p class="it's">{"aB":"x"}</p>"#,
            r#"{'a-b':'x'}"#,
            r#"{a_b:"x",}"#,
            r#"{"a_b":/* why */"x"// because
               }"#,
            r#"{"a\u005fb":"\u0078"}"#,
            r#"{"a_b":"x""#,
        ] {
            assert_eq!(found(text), ["ab@1=\"x\""], "{text}");
        }
    }

    #[test]
    fn values_are_what_they_are_written_as() {
        let text = r#"{"a":NaN,"b":1e400,"c":123456789012345678901,"d":null,"e":["p","q",{"f":1}],"g":{"h":"\ud800"}}"#;
        assert_eq!(
            found(text),
            [
                "a@1=NaN",
                "b@1=1e400",
                "c@1=123456789012345678901",
                "d@1=null",
                "e@1=…",
                "e@2=\"p\"",
                "e@2=\"q\"",
                "e@2=…",
                "f@3=1",
                "g@1=…",
                "h@2=!"
            ]
        );
    }

    #[test]
    fn a_string_that_is_cut_off_or_runs_into_something_is_damaged() {
        for text in [r#"{"a":"x"#, r#"{"a":"x"y"}"#, r#"{"a":"\x"}"#, r#"{"a":"x" "b":1}"#] {
            assert_eq!(found(text).first().unwrap(), "a@1=!", "{text}");
        }
    }

    #[test]
    fn json_in_a_string_is_json() {
        assert_eq!(found(r#"{"data":"{\"a\":\"x\"}"}"#).first().unwrap(), "a@2=\"x\"");
        let plain = unescaped(br#""{\"a\":\"x\"}""#);
        assert_eq!(found(std::str::from_utf8(&plain).unwrap()), ["a@1=\"x\""]);
    }

    #[test]
    fn depth_costs_nothing() {
        let deep = format!("{{\"x\":{}1{},\"a\":\"x\"}}", "[".repeat(500_000), "]".repeat(500_000));
        assert_eq!(found(&deep).last().unwrap(), "a@1=\"x\"");
    }

    #[test]
    fn what_a_stray_quote_hides_is_found_by_its_name() {
        let text = br#"{"b":"y,"a":"x","c":"a"}"#;
        let mut values = Vec::new();
        scattered(text, &|name| name == "a", &mut |member| values.push(member.value));
        assert_eq!(values, [Value::Text(Zeroizing::new("x".to_owned()))]);
    }

    #[test]
    fn shapes_are_told_apart() {
        let shape = |text: &str| members(text.as_bytes(), &mut |_| {});
        assert_eq!(shape(r#"{"a":[1,true,null]}"#), Shape { opened: true, closed: true, odd: false });
        assert_eq!(shape(r#"{"a":NaN,"b":"\ud800"}"#), Shape { opened: true, closed: true, odd: false });
        assert_eq!(shape(r#"{"a":b}"#), Shape { opened: true, closed: true, odd: true });
        assert_eq!(shape(r#"{"a":[1]"#), Shape { opened: true, closed: false, odd: true });
        assert_eq!(shape("no"), Shape { opened: false, closed: false, odd: true });
    }
}

//! Finds named members in text that should be JSON, whatever is wrong with the rest of it.
//!
//! A parser stops at the first byte that it does not understand. If an answer cannot be requested again, its important
//! members must still be found. The time is linear in the length of the text, and recursion is no deeper than
//! [`MOST_STRINGS`].

mod cursor;

use zeroize::Zeroizing;

pub use self::cursor::Value;
use self::cursor::{Cursor, is_literal, unescaped_text};

/// The deepest objects and arrays that are read. Deeper ones hold no token, and each level takes memory.
const DEEPEST: usize = 256;
/// The longest name that is read, in bytes as written.
const LONGEST_NAME: usize = 64;
/// How many times JSON may be nested as the text of a JSON string.
const MOST_STRINGS: usize = 3;
/// The most members that [`scattered`] visits, so that its work stays bounded.
const MOST_SCATTERED: usize = 256;
/// The longest value that [`scattered`] reads, in bytes.
const LONGEST_SCATTERED: usize = 64 * 1024;

/// A member of an object, or an element of an array under the array's name.
#[derive(Debug)]
pub struct Member<'a> {
    /// The name in lower case, reduced to letters and digits, so that `refresh_token`, `refreshToken` and
    /// `refresh-token` are equal.
    pub name: &'a str,
    /// The member's value.
    pub value: Value,
    /// How many objects and arrays enclose the member.
    pub depth: usize,
    /// The number of the object that the member belongs to, counted by where objects begin in the text.
    pub object: usize,
    /// Whether the member is an element of an array.
    pub in_array: bool,
}

/// What was found out about a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shape {
    /// Whether an object or array begins in it.
    pub opened: bool,
    /// Whether every object and array that begins also ends.
    pub closed: bool,
    /// Whether something in it breaks the grammar, so that members may have been missed.
    pub odd: bool,
}

/// Calls `visit` for each member of the JSON in `text`. Text around the JSON is skipped.
pub fn members(text: &[u8], visit: &mut dyn FnMut(Member<'_>)) -> Shape {
    let mut objects = 0;
    Scan::new(text, visit, 0, &mut objects, 0).run()
}

/// Calls `visit` for each `"name": value` in `text` without regard to the text around it, in case a stray quote hides
/// the structure. `is_wanted` says which names are visited.
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

/// Resolves the JSON escapes in `text` once, in case it is the text of a JSON string.
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

/// A name in lower case, reduced to letters and digits.
fn normalized(name: &[u8]) -> String {
    let plain = unescaped_text(name);
    let name = plain.as_ref().map_or(name, |plain| plain.as_bytes());
    let letters = name.iter().filter(|byte| byte.is_ascii_alphanumeric());
    letters.map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

/// An open object or array.
struct Level {
    /// The number of this object, or of the object that encloses this array.
    object: usize,
    is_array: bool,
    /// The name of the next value: that of its member, or of the whole array.
    name: Option<String>,
}

struct Scan<'a, 'v> {
    cursor: Cursor<'a>,
    visit: &'v mut dyn FnMut(Member<'_>),
    levels: Vec<Level>,
    /// The number of open levels beyond [`DEEPEST`].
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

    /// Ends a member. The next string of the object is a name again.
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

    /// Reads a number, a literal, or a name without quotes.
    fn word(&mut self) {
        let word = self.cursor.word();
        if word.is_empty() {
            // A colon, a backslash or another byte that cannot begin a word.
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

#[cfg(test)]
mod tests;

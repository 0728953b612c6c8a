//! [`Head`]: where the status line, the header fields and the body of an answer are.

use std::ops::Range;

/// The parts of an answer, as places in its bytes.
#[derive(Debug, Clone, Default)]
pub(super) struct Head {
    /// `None` if the status line is missing or malformed, or only interim (1xx) answers arrived.
    pub(super) status: Option<u16>,
    /// The lines after the status line.
    pub(super) fields: Range<usize>,
    /// Where the body begins. If the head does not end, this is the end of the bytes.
    pub(super) body: usize,
    /// Whether the head is complete.
    pub(super) is_ended: bool,
}

impl Head {
    /// The body, in the bytes that this is the head of.
    pub(super) fn body_of<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes.get(self.body..).unwrap_or_default()
    }

    /// All header fields in the bytes that this is the head of, with names in lower case and one character per byte of
    /// the values. Lines that are not fields are left out.
    pub(super) fn fields_of(&self, bytes: &[u8]) -> impl Iterator<Item = (String, String)> {
        let mut lines = lines(bytes.get(self.fields.clone()).unwrap_or_default()).peekable();
        std::iter::from_fn(move || {
            loop {
                let line = lines.next()?;
                let mut value = Vec::new();
                let colon = line.iter().position(|byte| *byte == b':');
                value.extend_from_slice(line.get(colon.map_or(line.len(), |colon| colon + 1)..)?);
                // RFC 9112 section 5.2: a line that begins with a blank continues the previous one.
                while let Some(more) = lines.next_if(|line| line.starts_with(b" ") || line.starts_with(b"\t"))
                {
                    value.extend_from_slice(more);
                }
                let Some(colon) = colon else { continue };
                return Some((latin1(line.get(..colon)?).to_ascii_lowercase(), latin1(&value)));
            }
        })
    }

    /// Finds the head of the final answer, and skips interim answers (RFC 9110 section 15.2).
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut start = 0;
        loop {
            let rest = bytes.get(start..).unwrap_or_default();
            // RFC 9112 section 2.2: an empty line before the status line is ignored.
            start += rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            let rest = bytes.get(start..).unwrap_or_default();
            let status_line = lines(rest).next().unwrap_or_default();
            let status = status(status_line);
            let fields = start + rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
            let end = head_end(bytes, start);
            let body = end.unwrap_or(bytes.len());
            match status {
                Some(100..200) if body > start => start = body,
                // Without a status line, this may be the first paragraph of a body.
                _ => return Self { status, fields: fields.min(body)..body, body, is_ended: end.is_some() },
            }
        }
    }
}

/// The status in a status line (RFC 9112 section 4), whatever its version and reason phrase.
pub(super) fn status(line: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(line.get(..line.len().min(64))?).ok().or_else(|| {
        // The reason phrase may be in any charset.
        std::str::from_utf8(line.get(..12)?).ok()
    })?;
    let mut words = line.split_ascii_whitespace();
    let is_http = words.next()?.get(..5)?.eq_ignore_ascii_case("HTTP/");
    let digits = words.next().filter(|digits| is_http && digits.len() == 3)?;
    digits.parse().ok().filter(|status| (100..600).contains(status))
}

/// Splits text into lines, which end in a line feed with or without a carriage return before it.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// Trimmed text with one character per byte.
pub(super) fn latin1(bytes: &[u8]) -> String {
    bytes.trim_ascii().iter().map(|byte| char::from(*byte)).collect()
}

/// Where a head ends: after the first empty line from `from` on.
pub(super) fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let mut feeds = rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
    feeds.find_map(|feed| match rest.get(feed + 1..)? {
        [b'\n', ..] => Some(from + feed + 2),
        [b'\r', b'\n', ..] => Some(from + feed + 3),
        _ => None,
    })
}

//! The possible readings of an answer's body: each way in which it may be framed, encoded and written, the likeliest
//! first.

use std::ops::ControlFlow;

use zeroize::Zeroizing;

use super::codings::{Coding, decoded};
use super::framing::{is_chunked, length, unchunked, without_size_lines};
use super::head::Head;
use crate::http::loose_json::unescaped;

/// The most content codings, applied one after another, that are removed.
const MOST_CODINGS: usize = 5;
/// How many bytes are searched for the control characters that compressed data has.
const LOOK: usize = 512;
/// How many times the escapes of JSON inside JSON strings are resolved.
const MOST_ESCAPES: usize = 3;

type Visit<'v> = &'v mut dyn FnMut(&[u8]) -> ControlFlow<()>;

/// Visits every reading of the answer's body, and of the whole answer if a malformed head may hide where that begins.
pub(super) fn of(bytes: &[u8], head: &Head, visit: Visit<'_>) -> ControlFlow<()> {
    of_body(bytes, head, visit)?;
    if (head.status.is_none() || !head.is_ended) && head.body > 0 {
        return disguises(bytes, visit);
    }
    ControlFlow::Continue(())
}

/// Visits every reading of the answer's body.
pub(super) fn of_body(bytes: &[u8], head: &Head, visit: Visit<'_>) -> ControlFlow<()> {
    let fields = bytes.get(head.fields.clone()).unwrap_or_default();
    let body = head.body_of(bytes);
    let labels = labels(bytes, head);
    if is_chunked(fields) || begins_with_size(body) {
        decodings(&unchunked(body), &labels, visit)?;
        decodings(&without_size_lines(body), &labels, visit)?;
    }
    if let Some(framed) =
        length(fields).and_then(|length| body.get(..length)).filter(|framed| !framed.is_empty())
        && framed.len() < body.len()
    {
        decodings(framed, &labels, visit)?;
    }
    decodings(body, &labels, visit)
}

/// The codings that the header fields name, the last one first. Empty if one of them is unknown.
fn labels(bytes: &[u8], head: &Head) -> Vec<Coding> {
    let named = |field: &str| {
        let values = head.fields_of(bytes).filter(|(name, _)| name == field);
        let names = values.flat_map(|(_, value)| value.split(',').map(str::to_owned).collect::<Vec<_>>());
        names
            .filter(|name| {
                !matches!(name.trim().to_ascii_lowercase().as_str(), "" | "identity" | "chunked" | "none")
            })
            .collect::<Vec<_>>()
    };
    let all = [named("content-encoding"), named("transfer-encoding")].concat();
    let codings: Option<Vec<_>> =
        all.iter().rev().take(MOST_CODINGS).map(|name| Coding::of_name(name)).collect();
    codings.unwrap_or_default()
}

/// Whether a body begins like a chunked one.
fn begins_with_size(body: &[u8]) -> bool {
    let line = body.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let size = line.strip_suffix(b"\r").unwrap_or_default();
    (1..=8).contains(&size.len()) && size.iter().all(u8::is_ascii_hexdigit)
}

/// Removes the named codings, those that the bytes look like, and those that the bytes could have.
fn decodings(body: &[u8], labels: &[Coding], visit: Visit<'_>) -> ControlFlow<()> {
    if is_text(body) {
        return disguises(body, visit);
    }
    if let Some((first, others)) = labels.split_first() {
        let labelled = others.iter().fold(decoded(*first, body), |bytes, coding| decoded(*coding, &bytes));
        // The headers may omit the codings that were applied last.
        disguises(&uncoded(labelled), visit)?;
    }
    let plain = uncoded(Zeroizing::new(body.to_vec()));
    disguises(&plain, visit)?;
    if !is_text(&plain) {
        // These codings cannot be recognized by their first bytes, so they are tried.
        for coding in [Coding::Brotli, Coding::Deflate] {
            disguises(&uncoded(decoded(coding, &plain)), visit)?;
        }
    }
    ControlFlow::Continue(())
}

/// `bytes` without the codings that they look like.
fn uncoded(mut bytes: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    for _ in 0..MOST_CODINGS {
        let Some(coding) = Coding::of_bytes(&bytes).filter(|_| !is_text(&bytes)) else { break };
        let plain = decoded(coding, &bytes);
        if plain.is_empty() {
            break;
        }
        bytes = plain;
    }
    bytes
}

/// Whether bytes begin like text in any charset.
fn is_text(bytes: &[u8]) -> bool {
    let begin = bytes.get(..bytes.len().min(LOOK)).unwrap_or_default();
    let nuls = nuls_in(begin);
    let is_wide = nuls * 4 >= begin.len() || begin.starts_with(b"\xff\xfe") || begin.starts_with(b"\xfe\xff");
    let is_control =
        |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace() && !(is_wide && *byte == 0);
    !begin.iter().any(is_control)
}

/// The text in its charset, and then without what may disguise JSON: HTML entities and the escapes of a JSON string.
fn disguises(text: &[u8], visit: Visit<'_>) -> ControlFlow<()> {
    let nuls = nuls_in(text);
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") || (nuls > 0 && nuls >= text.len() / 4)
    {
        written(wide(text, nuls).as_bytes(), visit)?;
        // Wide text that was cut or shifted by a byte still yields its ASCII characters.
        let narrow = Zeroizing::new(text.iter().copied().filter(|byte| *byte != 0).collect::<Vec<_>>());
        return written(&narrow, visit);
    }
    written(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text), visit)
}

fn written(text: &[u8], visit: Visit<'_>) -> ControlFlow<()> {
    visit(text)?;
    if contains(text, b"&quot;") || contains(text, b"&#") {
        visit(&without_entities(text))?;
    }
    let mut plain = Zeroizing::new(text.to_vec());
    for _ in 0..MOST_ESCAPES {
        if !contains(&plain, b"\\\"") {
            break;
        }
        plain = unescaped(&plain);
        visit(&plain)?;
    }
    ControlFlow::Continue(())
}

/// Decodes UTF-16 or UTF-32 by the byte order mark, or else by the places of zero bytes.
fn wide(text: &[u8], nuls: usize) -> Zeroizing<String> {
    let is_32 =
        text.starts_with(b"\xff\xfe\0\0") || text.starts_with(b"\0\0\xfe\xff") || nuls * 5 > text.len() * 3;
    let odd = text.iter().skip(1).step_by(2).filter(|byte| **byte == 0).count();
    let is_little = match text {
        [0xff, 0xfe, ..] => true,
        [0xfe, 0xff, ..] | [0, 0, 0xfe, 0xff, ..] => false,
        [first, ..] if is_32 => *first != 0,
        _ => odd * 2 >= nuls,
    };
    let decoded: String = if is_32 {
        let units = text.chunks_exact(4).filter_map(|unit| unit.try_into().ok());
        let units =
            units.map(|unit| if is_little { u32::from_le_bytes(unit) } else { u32::from_be_bytes(unit) });
        units.map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    } else {
        let units = text.chunks_exact(2).filter_map(|unit| unit.try_into().ok());
        let units =
            units.map(|unit| if is_little { u16::from_le_bytes(unit) } else { u16::from_be_bytes(unit) });
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    let decoded = Zeroizing::new(decoded);
    Zeroizing::new(decoded.trim_start_matches('\u{feff}').to_owned())
}

/// Replaces the entities that JSON in HTML is written with.
fn without_entities(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        if *first == b'&'
            && let Some(end) = more.iter().take(8).position(|byte| *byte == b';')
            && let Some(character) = entity(more.get(..end).unwrap_or_default())
        {
            plain.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            rest = more.get(end + 1..).unwrap_or_default();
        } else {
            plain.push(*first);
        }
    }
    plain
}

fn entity(name: &[u8]) -> Option<char> {
    let code = match name {
        b"quot" => return Some('"'),
        b"amp" => return Some('&'),
        b"lt" => return Some('<'),
        b"gt" => return Some('>'),
        b"apos" => return Some('\''),
        [b'#', b'x' | b'X', digits @ ..] => u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16),
        [b'#', digits @ ..] => std::str::from_utf8(digits).ok()?.parse(),
        _ => return None,
    };
    char::from_u32(code.ok()?)
}

fn nuls_in(bytes: &[u8]) -> usize {
    bytes.iter().map(|byte| usize::from(*byte == 0)).sum()
}

fn contains(text: &[u8], what: &[u8]) -> bool {
    text.windows(what.len()).any(|window| window == what)
}

//! Where an answer ends by the rules of RFC 9112 section 6.3, and how chunked bodies are read, even malformed ones.

use zeroize::Zeroizing;

use super::head::{head_end, latin1, lines, status};

/// The longest line that is read as the size of a chunk.
const LONGEST_SIZE_LINE: usize = 256;

/// Follows an answer while it arrives. Each byte is examined once, however small the parts are.
#[derive(Debug, Default)]
pub(in crate::http) struct Framing {
    /// Where the current head begins.
    start: usize,
    /// How far the current head was searched for its end.
    searched: usize,
    body: Option<Body>,
}

/// How the end of a body is recognized.
#[derive(Debug)]
enum Body {
    /// By the answer's length, which is this many bytes.
    Length(usize),
    /// By a chunk of size 0. The next chunk or trailer begins here.
    Chunks(usize),
    /// By the end of the trailers after the last chunk. The next trailer begins here.
    Trailers(usize),
    /// By the end of the connection.
    Close,
}

impl Framing {
    /// Whether the answer is complete, of which `bytes` have arrived. They begin with the bytes of the last call.
    pub(in crate::http) fn is_whole(&mut self, bytes: &[u8]) -> bool {
        while self.body.is_none() {
            if self.searched <= self.start {
                let rest = bytes.get(self.start..).unwrap_or_default();
                self.start += rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            }
            let Some(end) = head_end(bytes, self.searched.max(self.start)) else {
                // The empty line may have begun at the end of these bytes.
                self.searched = bytes.len().saturating_sub(2).max(self.start);
                return false;
            };
            let head = bytes.get(self.start..end).unwrap_or_default();
            (self.start, self.searched) = (end, end);
            match lines(head).next().and_then(status) {
                Some(100..200) => {}
                Some(204 | 304) => self.body = Some(Body::Length(end)),
                _ => self.body = Some(Body::of(head, end)),
            }
        }
        loop {
            match self.body {
                Some(Body::Length(length)) => return bytes.len() >= length,
                Some(Body::Chunks(at)) => match chunk(bytes.get(at..).unwrap_or_default()) {
                    Chunk::Data { next, .. } if at.saturating_add(next) <= bytes.len() => {
                        self.body = Some(Body::Chunks(at + next));
                    }
                    Chunk::Data { .. } | Chunk::Unknown => return false,
                    Chunk::Last { next } => self.body = Some(Body::Trailers(at + next)),
                    Chunk::Malformed => self.body = Some(Body::Close),
                },
                Some(Body::Trailers(at)) => {
                    let rest = bytes.get(at..).unwrap_or_default();
                    match rest.iter().position(|byte| *byte == b'\n') {
                        None => return false,
                        Some(0 | 1) => return true,
                        Some(end) => self.body = Some(Body::Trailers(at + end + 1)),
                    }
                }
                Some(Body::Close) | None => return false,
            }
        }
    }
}

impl Body {
    fn of(head: &[u8], end: usize) -> Self {
        let fields = |name: &'static str| {
            lines(head).filter_map(move |line| {
                let colon = line.iter().position(|byte| *byte == b':')?;
                let field = latin1(line.get(..colon)?);
                field.eq_ignore_ascii_case(name).then(|| latin1(line.get(colon + 1..).unwrap_or_default()))
            })
        };
        if fields("transfer-encoding").any(|value| value.to_ascii_lowercase().contains("chunked")) {
            return Self::Chunks(end);
        }
        // If there are several different lengths, none is reliable.
        let mut lengths = fields("content-length").map(|value| value.parse::<usize>().ok());
        match lengths.next().flatten() {
            Some(length) if lengths.all(|other| other == Some(length)) => {
                Self::Length(end.saturating_add(length))
            }
            _ => Self::Close,
        }
    }
}

/// The stated length of a body. `None` if it is chunked, ends with the connection, or has contradictory lengths.
pub(super) fn length(head: &[u8]) -> Option<usize> {
    if let Body::Length(length) = Body::of(head, 0) { Some(length) } else { None }
}

/// Whether the headers say that the body is chunked.
pub(super) fn is_chunked(head: &[u8]) -> bool {
    matches!(Body::of(head, 0), Body::Chunks(_))
}

/// The beginning of a chunk.
#[derive(Debug, PartialEq, Eq)]
enum Chunk {
    /// Its data lies between `begin` and `end`, and the next chunk begins at `next`.
    Data { begin: usize, end: usize, next: usize },
    /// The end of the data: trailers begin at `next`.
    Last { next: usize },
    /// More bytes are needed.
    Unknown,
    /// The bytes are not a chunk.
    Malformed,
}

/// Reads the size line of a chunk (RFC 9112 section 7.1).
fn chunk(bytes: &[u8]) -> Chunk {
    let Some(feed) = bytes.iter().take(LONGEST_SIZE_LINE).position(|byte| *byte == b'\n') else {
        return if bytes.len() < LONGEST_SIZE_LINE { Chunk::Unknown } else { Chunk::Malformed };
    };
    let line = bytes.get(..feed).unwrap_or_default();
    let size = latin1(line.split(|byte| *byte == b';').next().unwrap_or_default());
    let begin = feed + 1;
    match usize::from_str_radix(&size, 16) {
        Ok(0) => Chunk::Last { next: begin },
        Ok(size) => {
            let end = begin.saturating_add(size);
            // The data is followed by a line break, which some servers write as a line feed alone.
            match bytes.get(end..).unwrap_or_default() {
                [b'\n', ..] => Chunk::Data { begin, end, next: end + 1 },
                [] | [b'\r'] | [b'\r', b'\n', ..] => Chunk::Data { begin, end, next: end.saturating_add(2) },
                _ => Chunk::Malformed,
            }
        }
        Err(_) => Chunk::Malformed,
    }
}

/// The data of a chunked body as far as it follows the rules, and then the rest of the body unchanged.
pub(super) fn unchunked(body: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut data = Zeroizing::new(Vec::with_capacity(body.len()));
    let mut rest = body;
    loop {
        match chunk(rest) {
            Chunk::Data { begin, end, next } => {
                data.extend_from_slice(rest.get(begin..end.min(rest.len())).unwrap_or_default());
                rest = rest.get(next..).unwrap_or_default();
            }
            Chunk::Last { .. } => return data,
            Chunk::Unknown | Chunk::Malformed => {
                data.extend_from_slice(rest);
                return data;
            }
        }
    }
}

/// `body` without lines that may be size lines of chunks, whatever sizes they state.
pub(super) fn without_size_lines(body: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut kept = Zeroizing::new(Vec::with_capacity(body.len()));
    let mut breaks = false;
    for line in lines(body) {
        let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
        if (1..=8).contains(&size.len()) && size.iter().all(u8::is_ascii_hexdigit) {
            // The line breaks on both sides are not part of the data either.
            breaks = false;
            continue;
        }
        if breaks {
            kept.push(b'\n');
        }
        kept.extend_from_slice(line);
        breaks = true;
    }
    kept
}

//! A refresh token in an answer is never lost by what else happens to that answer.

use std::fmt::Write as _;
use std::io::Write as _;
use std::ops::Range;

use async_compression::Level;
use async_compression::tokio::bufread::{
    BrotliEncoder, DeflateEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder,
};
use futures_util::FutureExt as _;
use tokio::io::AsyncReadExt as _;

use super::*;

const MUTATIONS: usize = 100_000;
const TOKEN: &str = "rt-2.Zq7_x~K9+/=";

/// A generator that gives the same numbers in every run (xorshift, Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides).unwrap()).unwrap()
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }
}

/// Bytes, and where in them the token stands with its quotes.
struct Text {
    bytes: Vec<u8>,
    token: Range<usize>,
}

impl Text {
    fn of(text: String) -> Self {
        let quoted = format!("\"{TOKEN}\"");
        let start = text.find(&quoted).unwrap();
        Self { bytes: text.into_bytes(), token: start..start + quoted.len() }
    }

    /// Replaces, inserts or removes bytes beside the token.
    fn mutate(&mut self, dice: &mut Dice) {
        let at = dice.roll(self.bytes.len() + 1);
        if at > self.token.start && at < self.token.end {
            return;
        }
        let byte = u8::try_from(dice.roll(256)).unwrap();
        match dice.roll(4) {
            0 if at < self.bytes.len() && at != self.token.start => self.bytes[at] = byte,
            1 if at < self.bytes.len() && at != self.token.start => {
                self.bytes.remove(at);
                self.shift(at, -1);
            }
            2 => {
                self.bytes.insert(at, byte);
                self.shift(at, 1);
            }
            3 if at >= self.token.end => self.bytes.truncate(at),
            _ => {}
        }
    }

    fn shift(&mut self, at: usize, by: isize) {
        if at <= self.token.start {
            self.token.start = self.token.start.saturating_add_signed(by);
            self.token.end = self.token.end.saturating_add_signed(by);
        }
    }
}

fn body(dice: &mut Dice) -> Text {
    let mut members = vec![
        r#""access_token":"at""#.to_owned(),
        r#""token_type":"Bearer""#.to_owned(),
        r#""expires_in":1799"#.to_owned(),
        r#""scope":"jobs_read candidates_read""#.to_owned(),
        r#""company":{"name":"Société","ids":[1,2.5e3,null]}"#.to_owned(),
        r#""created":"2026-01-01T00:00:00Z""#.to_owned(),
    ];
    members.truncate(1 + dice.roll(members.len()));
    members.insert(dice.roll(members.len() + 1), format!("\"refresh_token\":\"{TOKEN}\""));
    let object = format!("{{{}}}", members.join([",", ", ", ",\n"][dice.roll(3)]));
    Text::of(match dice.roll(8) {
        0 => format!("{{\"data\":{object}}}"),
        1 => format!("[{object}]"),
        2 => format!(")]}}',\n{object}"),
        _ => object,
    })
}

fn encoded(dice: &mut Dice, bytes: Vec<u8>) -> (&'static str, Vec<u8>) {
    let mut coded = Vec::new();
    let label = match dice.roll(12) {
        0 => {
            GzipEncoder::with_quality(&*bytes, Level::Fastest)
                .read_to_end(&mut coded)
                .now_or_never()
                .unwrap()
                .unwrap();
            "gzip"
        }
        1 => {
            ZlibEncoder::with_quality(&*bytes, Level::Fastest)
                .read_to_end(&mut coded)
                .now_or_never()
                .unwrap()
                .unwrap();
            "deflate"
        }
        2 => {
            DeflateEncoder::with_quality(&*bytes, Level::Fastest)
                .read_to_end(&mut coded)
                .now_or_never()
                .unwrap()
                .unwrap();
            "deflate"
        }
        3 => {
            BrotliEncoder::with_quality(&*bytes, Level::Fastest)
                .read_to_end(&mut coded)
                .now_or_never()
                .unwrap()
                .unwrap();
            "br"
        }
        4 => {
            ZstdEncoder::with_quality(&*bytes, Level::Fastest)
                .read_to_end(&mut coded)
                .now_or_never()
                .unwrap()
                .unwrap();
            "zstd"
        }
        5 => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            coded = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            "identity"
        }
        _ => {
            coded = bytes;
            "identity"
        }
    };
    // A label is wrong, or missing, sometimes.
    let labels = ["gzip", "br", "zstd", "deflate", "identity", "x-unknown", "gzip, br"];
    (if dice.one_in(4) { labels[dice.roll(labels.len())] } else { label }, coded)
}

fn wire(dice: &mut Dice) -> Vec<u8> {
    let mut text = body(dice);
    for _ in 0..dice.roll(3) {
        text.mutate(dice);
    }
    let (label, body) = encoded(dice, text.bytes);
    let mut head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: {label}\r\n");
    for number in 0..dice.roll(4) {
        write!(head, "x-field-{number}: {}\r\n", dice.roll(1000)).unwrap();
    }
    let mut bytes = Vec::new();
    match dice.roll(4) {
        0 => {
            head.push_str("transfer-encoding: chunked\r\n\r\n");
            let mut rest = &*body;
            while !rest.is_empty() {
                let (part, more) = rest.split_at(1 + dice.roll(rest.len()));
                write!(bytes, "{:x}\r\n", part.len()).unwrap();
                bytes.extend_from_slice(part);
                bytes.extend_from_slice(b"\r\n");
                rest = more;
            }
            bytes.extend_from_slice(["", "0\r\n\r\n", "0\r\nx: y\r\n\r\n"][dice.roll(3)].as_bytes());
        }
        1 => {
            head.push_str("\r\n");
            bytes = body;
        }
        _ => {
            let length = (body.len() + dice.roll(5)).saturating_sub(2);
            write!(head, "content-length: {length}\r\n\r\n").unwrap();
            bytes = body;
        }
    }
    let mut head = head.into_bytes();
    for _ in 0..dice.roll(3) {
        let at = dice.roll(head.len());
        head[at] = u8::try_from(dice.roll(256)).unwrap();
    }
    [head, bytes].concat()
}

#[test]
fn a_refresh_token_is_read_or_its_answer_is_kept_whatever_else_is_mutated() {
    // Each in its own thread: together they take seconds.
    let seeds = [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb, 0x2545_f491_4f6c_dd1d];
    let read: usize = std::thread::scope(|scope| {
        let shares = seeds.map(|seed| scope.spawn(move || survive(Dice(seed), MUTATIONS / seeds.len())));
        shares.into_iter().map(|share| share.join().unwrap()).sum()
    });
    assert!(read > MUTATIONS * 8 / 10, "only {read} were read at once");
}

/// How many of so many mutated answers are read at once. All others are kept.
fn survive(mut dice: Dice, mutations: usize) -> usize {
    let now = ManualClock::new().now();
    let mut read = 0;
    for number in 0..mutations {
        let answer = Answer::from_bytes(wire(&mut dice));
        let printed = || String::from_utf8_lossy(answer.as_bytes()).into_owned();
        match read_tokens(&answer, now, Some(&presented())) {
            Ok(tokens) => {
                let refresh = tokens.refresh.as_ref().map(|token| token.0.expose());
                assert_eq!(refresh, Some(TOKEN), "mutation {number}: {}", printed());
                read += 1;
            }
            Err(error) => assert!(
                is_worth_keeping(&answer, Some(&presented())),
                "mutation {number}: {error:?}: {}",
                printed()
            ),
        }
    }
    read
}

#[test]
fn no_bytes_make_a_reader_panic() {
    let mut dice = Dice(0x0123_4567_89ab_cdef);
    let now = ManualClock::new().now();
    let words: [&[u8]; 20] = [
        b"HTTP/1.1 200 OK\r\n",
        b"\r\n",
        b"\n",
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b"'",
        b":",
        b",",
        b"\\",
        b"/*",
        b"refresh_token",
        b"\"access_token\":\"a\"",
        b"transfer-encoding: chunked\r\n\r\n",
        b"5\r\n",
        b"\x1f\x8b\x08\0\0\0\0\0\0\0",
        b"&#",
        b"\0",
    ];
    for _ in 0..20_000 {
        let mut bytes = Vec::new();
        for _ in 0..dice.roll(30) {
            match dice.roll(4) {
                0 => bytes.push(u8::try_from(dice.roll(256)).unwrap()),
                _ => bytes.extend_from_slice(words[dice.roll(words.len())]),
            }
        }
        let answer = Answer::from_bytes(bytes);
        let _ = read_tokens(&answer, now, Some(&presented()));
        let _ = is_worth_keeping(&answer, Some(&presented()));
        let _ = crate::oauth::read_client(&answer, crate::credential::ClientAuthentication::Body);
    }
}

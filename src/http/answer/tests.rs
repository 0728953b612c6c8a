use std::ops::ControlFlow;

use async_compression::Level;
use async_compression::tokio::bufread::{GzipEncoder, ZstdEncoder};
use futures_util::FutureExt as _;
use tokio::io::AsyncReadExt as _;

use super::*;

const JSON: &str = r#"{"a":"x","b":"y"}"#;

fn answer(text: &str) -> Answer {
    Answer::from_bytes(text.as_bytes().to_vec())
}

/// Whether one of the texts of `answer` is `text`.
fn reads(answer: &Answer, text: &[u8]) -> bool {
    let mut found = false;
    answer.texts(&mut |seen| {
        found = seen.trim_ascii() == text;
        if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    found
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut coded = Vec::new();
    let mut encoder = GzipEncoder::with_quality(bytes, Level::Fastest);
    encoder.read_to_end(&mut coded).now_or_never().unwrap().unwrap();
    coded
}

#[test]
fn heads_are_read_however_they_are_written() {
    let table = [
        ("HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody", Some(200), "b"),
        ("HTTP/1.0 404\nA:b\n\nbody", Some(404), "b"),
        ("\r\n\r\nhttp/2 503  Slow\r\nA  :  b  \r\n\r\nbody", Some(503), "b"),
        ("HTTP/1.1 200 OK\r\nno colon\r\nA: b\r\n\tc\r\n\r\nbody", Some(200), "b\tc"),
        ("HTTP/1.1 200 OK\r\nA: b\r\nA: c\r\n: d\r\n\r\nbody", Some(200), "b"),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: x\r\n\r\nHTTP/1.1 201 C\r\nA: b\r\n\r\nbody",
            Some(201),
            "b",
        ),
        ("HTTX/1.1 200 OK\r\nA: b\r\n\r\nbody", None, "b"),
        ("HTTP/1.1 2x0 OK\r\nA: b\r\n\r\nbody", None, "b"),
        ("HTTP/1.1 999 OK\r\nA: b\r\n\r\nbody", None, "b"),
    ];
    for (text, status, field) in table {
        let answer = answer(text);
        assert_eq!((answer.status(), answer.header("a").as_deref()), (status, Some(field)), "{text}");
        assert_eq!(*answer.text(), b"body", "{text}");
    }
    for text in ["", "HTTP/1.1", "HTTP/1.1 100 Continue\r\n\r\n", "{}"] {
        assert_eq!(answer(text).status(), None, "{text}");
    }
}

#[test]
fn thousands_of_fields_and_a_mebibyte_of_head_are_read() {
    let fields = (0..60_000).map(|number| format!("x-{number}: 0123456789\r\n")).collect::<Vec<_>>().concat();
    assert!(fields.len() > 1024 * 1024);
    let whole = format!("HTTP/1.1 200 OK\r\n{fields}Retry-After: 7\r\n\r\n{JSON}");
    let answer = answer(&whole);
    assert_eq!(answer.status(), Some(200));
    assert_eq!(*answer.text(), JSON.as_bytes());
    assert_eq!(answer.header("retry-after").as_deref(), Some("7"), "what matters is stored");
    assert!(answer.as_bytes().len() < 1024, "a head that long is stored without the rest");
    assert!(answer.headers().len() < 5);
}

#[test]
fn what_is_stored_is_bounded_and_reads_the_same() {
    let long = format!("HTTP/1.1 200 OK\r\n\r\n{JSON}{}", " ".repeat(3 * 1024 * 1024));
    let stored = answer(&long).as_bytes().to_vec();
    assert_eq!(stored.len(), LONGEST_STORED);
    assert!(reads(&Answer::from_bytes(stored), JSON.as_bytes()));
    let no_head = answer(&"x".repeat(2 * 1024 * 1024));
    assert_eq!(no_head.as_bytes().len(), LONGEST_STORED);
    let short = answer("HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody");
    assert_eq!(Answer::from_bytes(short.as_bytes().to_vec()).as_bytes(), short.as_bytes());
}

#[test]
fn bodies_are_read_however_they_are_framed() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n";
    for text in [
        format!("HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{JSON}<!-- -->"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{JSON}"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{JSON}"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{JSON}"),
        format!("{head}\r\n11\r\n{JSON}\r\n0\r\n\r\n"),
        format!("{head}Content-Length: 3\r\n\r\n11;x=y\r\n{JSON}\r\n0\r\nTrailer: z\r\n\r\n"),
        format!("{head}\r\n6\r\n{}\r\nb\r\n{}\r\n", &JSON[..6], &JSON[6..]),
        format!("{head}\r\n6\n{}\nb\n{}\n", &JSON[..6], &JSON[6..]),
        format!("{head}\r\n7\r\n{}\r\nff\r\n{}\r\n0\r\n\r\n", &JSON[..6], &JSON[6..]),
        format!("{head}\r\n{JSON}"),
        format!("HTTP/1.1 200 OK\r\n\r\n6\r\n{}\r\nb\r\n{}\r\n", &JSON[..6], &JSON[6..]),
        JSON.to_owned(),
    ] {
        assert!(reads(&answer(&text), JSON.as_bytes()), "{text}");
    }
}

#[test]
fn bodies_are_decoded_whatever_the_label_says() {
    let mut zstd = Vec::new();
    let mut encoder = ZstdEncoder::with_quality(JSON.as_bytes(), Level::Fastest);
    encoder.read_to_end(&mut zstd).now_or_never().unwrap().unwrap();
    let gzip = gzip(JSON.as_bytes());
    let twice = self::gzip(&zstd);
    let wide: Vec<u8> = JSON.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let shifted = [b"\0", &*wide].concat();
    let wider: Vec<u8> = JSON.chars().flat_map(|character| u32::from(character).to_le_bytes()).collect();
    let marked = [b"\xef\xbb\xbf", JSON.as_bytes()].concat();
    let cut = &gzip[..gzip.len() - 6];
    for body in [&*gzip, &zstd, &twice, &wide, &shifted, &wider, &marked, cut, JSON.as_bytes()] {
        for label in
            ["gzip", "zstd", "br", "deflate", "x-new", "gzip, zstd", "zstd, gzip", "identity", "utf-16"]
        {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {label}\r\n\r\n");
            let answer = Answer::from_bytes([head.as_bytes(), body].concat());
            assert!(reads(&answer, JSON.as_bytes()), "{label}: {body:?}");
        }
    }
}

#[test]
fn a_bomb_costs_little() {
    let bomb = gzip(&gzip(&vec![b' '; 8 * 1024 * 1024]));
    let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\n";
    let answer = Answer::from_bytes([head.as_bytes(), &bomb].concat());
    answer.texts(&mut |text| {
        assert!(text.len() <= 2 * 1024 * 1024 + 512, "{}", text.len());
        ControlFlow::Continue(())
    });
}

#[test]
fn framing_tells_when_an_answer_is_whole_byte_by_byte() {
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: r\r\n\r\n";
    for whole in [
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nbody",
        "\r\nHTTP/1.1 204 No Content\n\n",
        chunked,
    ] {
        let mut framing = Framing::default();
        for end in 0..whole.len() {
            assert!(!framing.is_whole(&whole.as_bytes()[..end]), "{whole:?} at {end}");
        }
        assert!(framing.is_whole(whole.as_bytes()), "{whole:?}");
        assert!(Framing::default().is_whole(whole.as_bytes()), "{whole:?} at once");
    }
    for never in [
        "HTTP/1.1 200 OK\r\n\r\nbody",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbody!",
        "HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nbody",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nbody\r\n0\r\n\r\n",
        "",
    ] {
        assert!(!Framing::default().is_whole(never.as_bytes()), "{never:?}");
    }
}

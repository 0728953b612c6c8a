//! Bodies: decoded, bounded, streamed in and out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_compression::tokio::write::{BrotliEncoder, DeflateEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder};
use bytes::{BufMut as _, Bytes};
use futures_util::FutureExt as _;
use http::Method;
use smartrecruiters::client::{Client, ClientOptions, Credential, OpenBody, Opened};
use smartrecruiters::credential::ApiKey;
use smartrecruiters::error::{Error, ErrorCode, Result};
use smartrecruiters::http::{RequestBody, streamed_body};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::support::{Reply, Server, get, unlimited};

const MIB: usize = 1024 * 1024;

fn client(server: &Server) -> Client {
    server.client(&api_key())
}

fn api_key() -> Credential {
    Credential::ApiKey(ApiKey::new("key".into()).unwrap())
}

/// The next part of a body, of at most `most` bytes. `None` at its end.
async fn next_part(body: &mut OpenBody, most: usize) -> Result<Option<Vec<u8>>> {
    let mut part = Vec::new();
    let more = body.read(&mut (&mut part).limit(most)).await?;
    Ok(more.then_some(part))
}

async fn encoded(coding: &str, plain: &[u8]) -> Vec<u8> {
    macro_rules! encode {
        ($encoder:ident) => {{
            let mut encoder = $encoder::new(Vec::new());
            encoder.write_all(plain).await.unwrap();
            encoder.shutdown().await.unwrap();
            encoder.into_inner()
        }};
    }
    match coding {
        "gzip" => encode!(GzipEncoder),
        "deflate" => encode!(ZlibEncoder),
        "raw deflate" => encode!(DeflateEncoder),
        "br" => encode!(BrotliEncoder),
        "zstd" => encode!(ZstdEncoder),
        other => panic!("no such coding: {other}"),
    }
}

#[tokio::test]
async fn every_coding_that_is_asked_for_is_decoded() {
    let plain: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let body = encoded(coding, &plain).await;
        assert!(body.len() < plain.len());
        let server = Server::start(move |_| Reply::Encoded(coding, body.clone())).await;
        let client = client(&server);
        let answer = client.send(&get(&client, "/jobs")).await.unwrap();
        assert_eq!(answer.body, plain, "{coding}");
        let asked = server.seen()[0].header("accept-encoding").unwrap().to_owned();
        assert!(asked.contains(coding), "{asked}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_what_it_says_is_an_error() {
    let whole = encoded("gzip", &vec![7; 100_000]).await;
    for body in [b"not gzip".to_vec(), whole[..whole.len() / 2].to_vec()] {
        let server = Server::start(move |_| Reply::Encoded("gzip", body.clone())).await;
        let client = client(&server);
        let error = client.send(&get(&client, "/jobs")).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidResponse, "{error:?}");
    }
    // Nothing, encoded, is nothing.
    let server = Server::start(|_| Reply::Encoded("gzip", Vec::new())).await;
    let client = client(&server);
    assert!(client.send(&get(&client, "/jobs")).await.unwrap().body.is_empty());
}

#[tokio::test]
async fn a_bomb_stops_at_the_cap_whether_buffered_or_streamed() {
    for coding in ["gzip", "br", "zstd"] {
        let bomb = encoded(coding, &vec![0; 128 * MIB]).await;
        let server = Server::start(move |_| Reply::Encoded(coding, bomb.clone())).await;
        let client = client(&server);
        let careful = ClientOptions { max_body_size: MIB, ..unlimited() };
        let careful = server.client_of(&api_key(), careful);
        let error = careful.send(&get(&careful, "/jobs")).await.unwrap_err();
        assert!(matches!(error, Error::BodyTooLarge { limit: MIB }), "{coding}: {error:?}");

        let Opened::Open(mut body) = client.open(&get(&client, "/jobs")).await.unwrap().body.opened() else {
            panic!("it is too long to be there at once");
        };
        let mut read = 0;
        let error = loop {
            match next_part(&mut body, MIB).await {
                Ok(Some(part)) => read += part.len(),
                Ok(None) => panic!("{coding}: it was read to its end"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.code(), ErrorCode::InvalidResponse, "{coding}");
        assert!(read <= 66 * MIB, "{coding}: {read} bytes");
    }
}

#[tokio::test]
async fn others_get_their_turn_while_a_bomb_is_decoded() {
    let bomb = encoded("br", &vec![0; 24 * MIB]).await;
    let server = Server::start(move |_| Reply::Encoded("br", bomb.clone())).await;
    let client = client(&server);
    let turns = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&turns);
    let other = tokio::spawn(async move {
        loop {
            counter.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(client.send(&get(&client, "/jobs")).await.unwrap().body.len(), 24 * MIB);
    other.abort();
    let turns = turns.load(Ordering::Relaxed);
    assert!(turns > 40, "{turns} turns");
}

#[tokio::test]
async fn several_codings_are_decoded_in_reverse_order() {
    let inner = encoded("gzip", b"the plain text").await;
    let both = encoded("br", &inner).await;
    let five = encoded("zstd", &encoded("deflate", &encoded("gzip", &both).await).await).await;
    for (codings, body) in
        [("gzip, br", &both), ("GZip,\tBR ,, identity", &both), ("gzip, br, gzip, deflate, zstd", &five)]
    {
        let body = body.clone();
        let server = Server::start(move |_| Reply::Encoded(codings, body.clone())).await;
        let client = client(&server);
        assert_eq!(client.send(&get(&client, "/jobs")).await.unwrap().body, "the plain text", "{codings}");
    }
    // One that is unknown leaves them all to the caller.
    let raw = both.clone();
    let server = Server::start(move |_| Reply::Encoded("gzip, own, br", raw.clone())).await;
    let client = client(&server);
    assert_eq!(client.send(&get(&client, "/jobs")).await.unwrap().body, both);
}

#[tokio::test]
async fn more_than_five_codings_are_refused() {
    let server = Server::start(|_| Reply::Encoded("gzip,gzip,gzip,gzip,gzip,gzip", Vec::new())).await;
    let client = client(&server);
    let error = client.send(&get(&client, "/jobs")).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidResponse);
}

#[tokio::test]
async fn no_coding_in_a_chain_expands_without_bounds() {
    // Blocks of deflate that hold nothing (RFC 1951 section 3.2.4): the whole is nothing, but was long between.
    let nothing = [0, 0, 0, 0xff, 0xff].repeat(72 * MIB / 5);
    let bomb = encoded("gzip", &nothing).await;
    let server = Server::start(move |_| Reply::Encoded("deflate, gzip", bomb.clone())).await;
    let client = client(&server);
    let error = client.send(&get(&client, "/jobs")).await.unwrap_err();
    assert!(error.to_string().contains("expands"), "{error}");
}

#[tokio::test]
async fn a_range_is_asked_for_as_it_is() {
    let server = Server::start(|_| Reply::Json(206, "{}".into())).await;
    let client = client(&server);
    let mut request = get(&client, "/file");
    request.headers.insert("range", "bytes=0-9".parse().unwrap());
    client.send(&request).await.unwrap();
    request.headers.insert("accept-encoding", "br".parse().unwrap());
    client.send(&request).await.unwrap();
    let asked: Vec<_> =
        server.seen().iter().map(|seen| seen.header("accept-encoding").unwrap().to_owned()).collect();
    assert_eq!(asked, ["identity", "br"], "the caller's own choice stays");
}

/// Reads a body whose end comes only when it was seen that it is not there yet.
async fn read_before_its_end(client: &Client, gate: &Semaphore) -> Vec<u8> {
    let answer = client.open(&get(client, "/jobs")).await.unwrap();
    let Opened::Open(mut body) = answer.body.opened() else { panic!("its end was not waited for") };
    let mut whole = next_part(&mut body, MIB).await.unwrap().unwrap();
    gate.add_permits(1);
    while let Some(part) = next_part(&mut body, MIB).await.unwrap() {
        whole.extend(part);
    }
    // The connection is put back by a task of its own.
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    whole
}

#[tokio::test]
async fn a_connection_is_used_again_though_the_end_of_the_body_came_late() {
    for coding in ["gzip", "deflate", "br", "zstd", "deflate, br"] {
        let mut body = b"whole".to_vec();
        for coding in coding.split(", ") {
            body = encoded(coding, &body).await;
        }
        let gate = Arc::new(Semaphore::new(0));
        let held = Arc::clone(&gate);
        let server = Server::start(move |_| Reply::Unended(coding, body.clone(), Arc::clone(&held))).await;
        let client = client(&server);
        for _ in 0..3 {
            assert_eq!(read_before_its_end(&client, &gate).await, b"whole", "{coding}");
        }
        assert_eq!(server.connections(), 1, "{coding}");
    }
}

#[tokio::test]
async fn what_follows_the_data_is_ignored_but_not_read_for_long() {
    let member = encoded("gzip", b"whole").await;
    let zeros = |length| [member.as_slice(), &vec![0; length]].concat();
    for (body, connections) in [
        (zeros(1), 1),
        (zeros(512), 1),
        ([member.as_slice(), b"garbage"].concat(), 1),
        // Longer than what is read for the sake of the connection, and than what is read at once.
        (zeros(8 * MIB), 2),
    ] {
        let length = body.len();
        let server = Server::start(move |_| Reply::Encoded("gzip", body.clone())).await;
        let client = client(&server);
        for _ in 0..2 {
            assert_eq!(client.send(&get(&client, "/jobs")).await.unwrap().body, "whole", "{length}");
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(server.connections(), connections, "{length}");
    }
    // What begins like a member has to be one.
    let broken = [member.as_slice(), b"\x1f\x8bgarbage"].concat();
    let server = Server::start(move |_| Reply::Encoded("gzip", broken.clone())).await;
    let client = client(&server);
    let error = client.send(&get(&client, "/jobs")).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidResponse);
}

#[tokio::test]
async fn a_short_body_is_there_with_its_headers_and_a_long_one_is_read_in_parts() {
    let server = Server::start(|seen| {
        let length = seen.path.trim_start_matches('/').parse().unwrap();
        Reply::Json(200, "x".repeat(length))
    })
    .await;
    let client = client(&server);
    let short = client.open(&get(&client, "/300")).await.unwrap();
    assert!(matches!(short.body.opened(), Opened::Whole(body) if body.len() == 300));

    let long = client.open(&get(&client, "/20000000")).await.unwrap();
    let Opened::Open(mut body) = long.body.opened() else { panic!("20 MB at once") };
    let (mut read, mut largest) = (Vec::new(), 0);
    for most in [1, 2, 3].into_iter().chain(std::iter::repeat(256 * 1024)) {
        let Some(part) = next_part(&mut body, most).await.unwrap() else { break };
        assert!((1..=most).contains(&part.len()), "{} bytes at once, of {most}", part.len());
        largest = largest.max(part.len());
        read.extend(part);
    }
    assert_eq!(read.len(), 20_000_000);
    assert!(read.iter().all(|byte| *byte == b'x'));
    assert!(largest > 3, "{largest} bytes at once");
    assert!(next_part(&mut body, 1).await.unwrap().is_none(), "the end stays the end");
}

#[tokio::test]
async fn a_part_that_is_filled_ahead_loses_nothing_when_that_is_stopped() {
    let length = 20 * MIB;
    let text: String = (0..length).map(|at| char::from(b'a' + u8::try_from(at % 23).unwrap())).collect();
    let whole = text.clone();
    let server = Server::start(move |_| Reply::Json(200, text.clone())).await;
    let client = client(&server);
    let Opened::Open(mut body) = client.open(&get(&client, "/jobs")).await.unwrap().body.opened() else {
        panic!("it is too long to be there at once");
    };
    let mut read = Vec::new();
    for turns in (0..5).cycle() {
        let mut part = Vec::new();
        let mut sink = (&mut part).limit(300_000);
        {
            let mut filling = std::pin::pin!(body.fill(&mut sink));
            for _ in 0..turns {
                if filling.as_mut().now_or_never().is_some() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        if part.is_empty() {
            match next_part(&mut body, 300_000).await.unwrap() {
                Some(part) => read.extend(part),
                None => break,
            }
        } else {
            let room = 300_000 - part.len();
            body.top_up(&mut (&mut part).limit(room)).await;
            assert!(part.len() <= 300_000);
            read.extend(part);
        }
    }
    assert!(read == whole.as_bytes());
}

#[tokio::test]
async fn closing_waits_for_no_open_body_and_cuts_none() {
    let server = Server::start(|_| Reply::Json(200, "x".repeat(10 * MIB))).await;
    let client = client(&server);
    let unread = client.open(&get(&client, "/jobs")).await.unwrap();
    let Opened::Open(mut body) = client.open(&get(&client, "/jobs")).await.unwrap().body.opened() else {
        panic!("it is too long to be there at once");
    };
    client.close().await;
    assert_eq!(client.open(&get(&client, "/jobs")).await.unwrap_err().code(), ErrorCode::Closed);
    let mut read = 0;
    while let Some(part) = next_part(&mut body, MIB).await.unwrap() {
        read += part.len();
    }
    assert_eq!(read, 10 * MIB);
    drop(unread);
}

#[tokio::test]
async fn a_body_of_several_members_is_read_to_its_end() {
    for coding in ["gzip", "zstd"] {
        let body = [encoded(coding, b"first, ").await, encoded(coding, b"second").await].concat();
        let server = Server::start(move |_| Reply::Encoded(coding, body.clone())).await;
        let client = client(&server);
        assert_eq!(client.send(&get(&client, "/jobs")).await.unwrap().body, "first, second", "{coding}");
    }
}

#[tokio::test]
async fn an_error_is_an_error_however_long_its_body_is_and_wherever_it_ends() {
    for (body, cut) in [("x".repeat(10 * MIB), false), (r#"{"message":"half"#.into(), true)] {
        let server =
            Server::start(
                move |_| {
                    if cut { Reply::Cut(409, body.clone()) } else { Reply::Json(409, body.clone()) }
                },
            )
            .await;
        let client = client(&server);
        for error in [
            client.send(&get(&client, "/jobs")).await.unwrap_err(),
            client.open_success(&get(&client, "/jobs")).await.unwrap_err(),
        ] {
            assert_eq!(
                (error.code(), error.to_string()),
                (ErrorCode::Conflict, "409 GET /jobs: Conflict".into())
            );
        }
    }
}

#[tokio::test]
async fn deflate_may_come_without_the_zlib_format() {
    let body = encoded("raw deflate", b"of some servers").await;
    let server = Server::start(move |_| Reply::Encoded("deflate", body.clone())).await;
    let client = client(&server);
    assert_eq!(client.send(&get(&client, "/jobs")).await.unwrap().body, "of some servers");
}

#[tokio::test]
async fn a_body_that_is_given_up_is_not_taken_for_a_whole_one() {
    let server = Server::start(|_| Reply::Json(200, "{}".into())).await;
    let client = client(&server);
    let (mut upload, stream) = streamed_body();
    let mut request = get(&client, "/upload");
    request.method = Method::POST;
    request.body = RequestBody::Stream(stream, None);
    let call = tokio::spawn(async move { client.send(&request).await });
    assert!(upload.write(Bytes::from_static(b"half of it")).await);
    drop(upload);
    assert_eq!(call.await.unwrap().unwrap_err().code(), ErrorCode::BodyInterrupted);
    assert!(server.seen().is_empty(), "the server has no whole request");
}

#[tokio::test]
async fn an_upload_ends_with_its_call_however_little_the_server_read() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::at(listener.local_addr().unwrap());
    // It answers after the first bytes, reads no more and keeps the connection.
    let held = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.readable().await.unwrap();
        stream.write_all(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno").await.unwrap();
        stream
    });
    let client = client(&server);
    let (mut upload, stream) = streamed_body();
    let mut request = get(&client, "/upload");
    request.method = Method::POST;
    request.body = RequestBody::Stream(stream, None);
    let call = tokio::spawn(async move { client.send(&request).await });
    let part = Bytes::from(vec![0; MIB]);
    let writing = async { while upload.write(part.clone()).await {} };
    tokio::time::timeout(Duration::from_secs(10), writing).await.unwrap();
    assert!(!upload.write(part.clone()).await, "the end stays the end");
    assert!(matches!(call.await.unwrap(), Err(Error::Api(error)) if error.status == 413));
    drop(held.await.unwrap());
}

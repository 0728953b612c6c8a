//! One request and its answer in HTTP/1.1 (RFC 9112), on a connection that carries nothing else.
//!
//! The request works once, so the answer is read however it ends, and returned as bytes.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use http::HeaderMap;
use http::header::{CONTENT_LENGTH, HOST, USER_AGENT};
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Sleep;
use url::Url;
use zeroize::Zeroizing;

use super::answer::{Answer, Framing};
use super::headers;
use crate::error::{Error, NetworkKind, Phase, Reason, Result};

/// How long an answer may take. The vendor advises to wait at least 128 s, and giving up on a slow answer loses a token
/// that is issued once.
const RESPONSE_DEADLINE: Duration = Duration::from_secs(128);
/// The deadline is counted in turns of this length, and a turn counts once however long it took. A process that was
/// stopped, or a machine that slept, thus loses one turn at most, and finds the answer in its socket.
const TURN: Duration = Duration::from_millis(250);
/// [`RESPONSE_DEADLINE`] in turns.
const MOST_TURNS: u32 = 512;
/// How many more turns to wait if an answer is complete by its framing or by its JSON, but not by both.
const LINGERING_TURNS: u32 = 4;
/// How many bytes are read at a time.
const CHUNK: usize = 16 * 1024;
/// The most bytes of an answer that are read: 1 MiB of head, and as much of a body as is stored.
const LONGEST_ANSWER: usize = 2 * 1024 * 1024;
/// The most bytes in a TLS record (RFC 8446 section 5.1).
const TLS_RECORD: usize = 16 * 1024;

/// The stream of a connection.
pub(super) trait Stream: Read + Write + Unpin + Send {}

impl<T: Read + Write + Unpin + Send> Stream for T {}

type Connection = TokioIo<Box<dyn Stream>>;

/// The bytes of a `POST` request. With `whole_url`, its target is the whole URL, as a proxy without a tunnel requires
/// (RFC 9112 section 3.2.2).
pub(super) fn request(url: &Url, headers: &HeaderMap, body: &[u8], whole_url: bool) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(8 * 1024 + body.len()));
    bytes.extend_from_slice(b"POST ");
    if whole_url {
        bytes.extend_from_slice(url[..url::Position::BeforeUsername].as_bytes());
        bytes.extend_from_slice(url[url::Position::BeforeHost..url::Position::BeforePath].as_bytes());
    }
    bytes.extend_from_slice(url[url::Position::BeforePath..url::Position::AfterQuery].as_bytes());
    bytes.extend_from_slice(b" HTTP/1.1\r\n");
    let mut field = |name: &str, value: &[u8]| {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    };
    field(HOST.as_str(), url[url::Position::BeforeHost..url::Position::AfterPort].as_bytes());
    if !headers.contains_key(USER_AGENT) {
        field(USER_AGENT.as_str(), headers::USER_AGENT.as_bytes());
    }
    for (name, value) in headers {
        field(name.as_str(), value.as_bytes());
    }
    field(CONTENT_LENGTH.as_str(), body.len().to_string().as_bytes());
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

/// Writes `request` and reads the answer. Fails only if nothing of an answer arrived.
pub(super) async fn exchange(stream: Box<dyn Stream>, request: &[u8]) -> Result<Answer> {
    let mut connection = TokioIo::new(stream);
    if is_over(&mut connection).await {
        let problem = "the server closed the connection before the request was sent";
        return Err(lost(false, Some(io::Error::other(problem))));
    }
    let mut patience = Patience::new();
    let (written, failure) = write(&mut connection, request, &mut patience).await;
    // A server can read nothing of a TLS record that was sent in part.
    let sent = written > 0 || request.len() > TLS_RECORD;
    if !sent {
        return Err(lost(false, failure));
    }
    // The answer is read even after a failed write, since a server may answer and close before it has read everything.
    let (bytes, end) = read(&mut connection, &mut patience).await;
    if !bytes.is_empty() {
        return Ok(Answer::new(bytes));
    }
    match end {
        End::Deadline => {
            Err(Error::Timeout { phase: Phase::Response, limit: RESPONSE_DEADLINE, sent: true, to: None })
        }
        End::Closed(source) => Err(lost(sent, source.or(failure))),
    }
}

fn lost(sent: bool, source: Option<io::Error>) -> Error {
    let reason = source.map_or_else(
        || Reason::new("the server closed it (ECONNRESET)", "ECONNRESET"),
        |error| Reason::of_io(&error),
    );
    Error::network(NetworkKind::Reset, sent, reason)
}

/// Whether the server is already known to have closed the connection, or to have sent something before the request.
async fn is_over(connection: &mut Connection) -> bool {
    let mut byte = [0];
    tokio::select! {
        biased;
        _ = connection.read(&mut byte) => true,
        () = std::future::ready(()) => false,
    }
}

/// Writes `request`. Returns how much was written, and why no more.
async fn write(
    connection: &mut Connection,
    request: &[u8],
    patience: &mut Patience,
) -> (usize, Option<io::Error>) {
    let mut written = 0;
    while let Some(rest) = request.get(written..).filter(|rest| !rest.is_empty() && !patience.is_over()) {
        match patience.wait_for(connection.write(rest)).await {
            None => {}
            Some(Ok(0)) => return (written, Some(io::ErrorKind::WriteZero.into())),
            Some(Ok(length)) => written += length,
            Some(Err(error)) => return (written, Some(error)),
        }
    }
    while !patience.is_over() {
        match patience.wait_for(connection.flush()).await {
            None => {}
            Some(flushed) => return (written, flushed.err()),
        }
    }
    (written, None)
}

/// Why reading ended.
enum End {
    /// The answer is complete, or the connection ended or failed.
    Closed(Option<io::Error>),
    /// The deadline passed.
    Deadline,
}

/// Reads to the end of the answer, which its framing (RFC 9112 section 6.3) determines. Stated lengths are sometimes
/// wrong: if the JSON is cut off at that end, this reads on for a second, and if the JSON is complete before that end,
/// this waits no more than a second.
async fn read(connection: &mut Connection, patience: &mut Patience) -> (Zeroizing<Vec<u8>>, End) {
    let mut bytes = Zeroizing::new(Vec::with_capacity(CHUNK));
    let mut chunk = Zeroizing::new(vec![0; CHUNK]);
    let mut framing = Framing::default();
    let mut is_framed = false;
    let mut lingered = 0;
    // Reading JSON costs more than counting bytes, so it is done once for each turn in which bytes arrived.
    let mut examined = 0;
    let mut is_whole_json = false;
    while !patience.is_over() && bytes.len() < LONGEST_ANSWER {
        match patience.wait_for(connection.read(&mut chunk)).await {
            Some(Ok(0)) => return (bytes, End::Closed(None)),
            Some(Err(error)) => return (bytes, End::Closed(Some(error))),
            Some(Ok(length)) => {
                append(&mut bytes, chunk.get(..length).unwrap_or_default());
                if !is_framed && framing.is_whole(&bytes) {
                    is_framed = true;
                    if Answer::new(bytes.clone()).seems_whole() {
                        return (bytes, End::Closed(None));
                    }
                }
            }
            None if bytes.is_empty() => {}
            None => {
                if examined < bytes.len() {
                    examined = bytes.len();
                    is_whole_json = Answer::new(bytes.clone()).is_whole_json();
                }
                if is_framed && is_whole_json {
                    return (bytes, End::Closed(None));
                }
                if is_framed || is_whole_json {
                    lingered += 1;
                }
                if lingered == LINGERING_TURNS {
                    return (bytes, End::Closed(None));
                }
            }
        }
    }
    (bytes, End::Deadline)
}

/// Appends bytes, and wipes the old buffer if it has to grow.
fn append(bytes: &mut Zeroizing<Vec<u8>>, part: &[u8]) {
    let length = bytes.len() + part.len();
    if length > bytes.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(length * 2));
        larger.extend_from_slice(bytes);
        *bytes = larger;
    }
    bytes.extend_from_slice(part);
}

/// Counts the turns of a deadline.
struct Patience {
    turns: u32,
    /// The end of this turn.
    turn: Pin<Box<Sleep>>,
}

impl Patience {
    fn new() -> Self {
        Self { turns: 0, turn: Box::pin(tokio::time::sleep(TURN)) }
    }

    fn is_over(&self) -> bool {
        self.turns >= MOST_TURNS
    }

    /// The result of `work`, if it is ready within this turn. Dropping `work` must lose nothing. It is polled before
    /// the timer, since after a stop the answer may have arrived although the turn is over.
    async fn wait_for<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = &mut self.turn => {
                self.turns += 1;
                self.turn = Box::pin(tokio::time::sleep(TURN));
                None
            }
        }
    }
}

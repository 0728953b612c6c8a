//! Sends one request on a pooled connection, follows its redirects, and hands up the answer. Never retries.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, HeaderName, LOCATION, RANGE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use hyper_util::client::legacy::connect::HttpInfo;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use super::body::{self, RequestBody, ResponseBody};
use super::connector::{CONNECTIONS, Connector};
use super::decoding;
use super::headers::header_lines;
use super::redirect::{self, Hop, MOST_HOPS};
use super::target::Target;
use crate::error::{Cause, Error, NetworkKind, Phase, Result};
use crate::secret::{Redactor, Secret};
use crate::tls;

/// Some servers begin text with it; no text is meant to have it (RFC 8259 section 8.1 lets it be ignored).
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
const SMART_TOKEN: HeaderName = HeaderName::from_static("x-smarttoken");
/// Connections that are remembered: many more than are open.
const MOST_CONNECTIONS: usize = 1024;

/// What proves to the API who asks. Made for one request; its header is marked sensitive.
#[derive(Debug, Clone)]
pub struct Authorization {
    name: HeaderName,
    value: HeaderValue,
}

impl Authorization {
    /// An API key, in the vendor's own header.
    pub fn smart_token(key: &Secret) -> Result<Self> {
        Self::new(SMART_TOKEN, key.expose())
    }

    /// An access token (RFC 6750 section 2.1).
    pub fn bearer(token: &Secret) -> Result<Self> {
        let value = zeroize::Zeroizing::new(format!("Bearer {}", token.expose()));
        Self::new(AUTHORIZATION, &value)
    }

    /// The header that carries it, marked sensitive.
    pub(crate) fn header(&self) -> (HeaderName, HeaderValue) {
        (self.name.clone(), self.value.clone())
    }

    /// Takes out of texts what they quote of the credential.
    pub(super) fn redactor(&self) -> Redactor {
        let value = self.value.to_str().unwrap_or_default();
        Redactor::new([value.strip_prefix("Bearer ").unwrap_or(value)])
    }

    fn new(name: HeaderName, text: &str) -> Result<Self> {
        let mut value = HeaderValue::from_str(text).map_err(|_| Error::Internal {
            problem: "a credential that no header can carry got past its check",
        })?;
        value.set_sensitive(true);
        Ok(Self { name, value })
    }
}

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where it goes.
    pub target: Target,
    /// The caller's headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: RequestBody,
    /// What to do with redirects.
    pub redirect: RedirectMode,
    /// Whether the caller promises that sending it twice is as good as once.
    pub idempotent: bool,
    /// Whether it goes before others that wait for the same endpoint.
    pub priority: Priority,
    /// The deadline of the call until its answer's headers are there (its body too, if it is buffered), and of each
    /// read of a streamed body.
    pub timeout: Duration,
}

/// Which calls go first where some have to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Priority {
    /// Somebody waits for it.
    #[default]
    Interactive,
    /// It can wait until no interactive call does.
    Batch,
}

/// What to do with redirects, by their names in the Fetch standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RedirectMode {
    /// Follow them, without taking a credential or a body to another origin.
    #[default]
    Follow,
    /// Hand them up.
    Manual,
    /// They are errors.
    Error,
}

/// One answer. Its body is still to be read.
#[derive(Debug)]
pub struct Response<Body = ResponseBody> {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
    /// Where it came from, if redirects led elsewhere.
    pub url: Option<Url>,
    /// Whether the credential went there.
    pub authorized: bool,
    /// Our end of the connection that it came on, which tells that from others.
    pub connection: Option<SocketAddr>,
}

impl Response<Bytes> {
    /// The body as UTF-8 text, without a byte order mark, if its content type says that it is text and it is.
    pub fn text(&self) -> Option<Bytes> {
        let content_type = self.headers.get(http::header::CONTENT_TYPE)?.to_str().ok()?;
        let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_text = media_type.starts_with("text/")
            || matches!(
                media_type.as_str(),
                "application/json" | "application/xml" | "application/x-www-form-urlencoded"
            )
            || media_type.ends_with("+json")
            || media_type.ends_with("+xml");
        if !is_text || std::str::from_utf8(&self.body).is_err() {
            return None;
        }
        let mark = if self.body.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        Some(self.body.slice(mark..))
    }
}

impl<Body> Response<Body> {
    /// The headers as text, one `name: value` a line.
    pub fn header_lines(&self) -> String {
        header_lines(&self.headers)
    }
}

/// What a call is doing now, so that a timeout can tell.
#[derive(Debug, Default)]
pub struct Progress(AtomicU8);

impl Progress {
    /// Notes that a phase has begun.
    pub fn enter(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Relaxed);
    }

    /// The phase that began last.
    pub fn phase(&self) -> Phase {
        let phase = self.0.load(Ordering::Relaxed);
        [Phase::Token, Phase::Response, Phase::Body, Phase::Retry]
            .into_iter()
            .find(|candidate| *candidate as u8 == phase)
            .unwrap_or(Phase::Queue)
    }
}

/// The connections that all clients of one configuration share.
#[derive(Debug)]
pub struct Transport {
    client: reqwest::Client,
    slots: Arc<Semaphore>,
    /// Connections that answers came on.
    known: Mutex<HashSet<SocketAddr>>,
}

impl Transport {
    /// Connections made by `connector`, none open yet.
    pub fn new(connector: &Connector) -> Result<Self> {
        let slots = Arc::new(Semaphore::new(CONNECTIONS));
        Ok(Self { client: connector.pooled()?, slots, known: Mutex::default() })
    }

    /// Whether an answer came on a connection that one had come on before, so that its request left at once. To be asked
    /// once of each answer.
    pub fn was_connected<Body>(&self, response: &Response<Body>) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_CONNECTIONS {
            known.clear();
        }
        response.connection.is_some_and(|connection| !known.insert(connection))
    }

    /// Waits for a free connection; it is given back when the permit is dropped.
    pub async fn admit(&self) -> Result<OwnedSemaphorePermit> {
        Arc::clone(&self.slots).acquire_owned().await.map_err(|_| Error::Closed)
    }

    /// Sends `request` once, and on wherever redirects lead. Its body is read through the answer, which holds the
    /// permit so long.
    pub async fn send(
        &self,
        request: &Request,
        authorization: &Authorization,
        permit: OwnedSemaphorePermit,
        progress: &Progress,
    ) -> Result<Response> {
        progress.enter(Phase::Response);
        let mut outgoing = reqwest::Request::new(request.method.clone(), request.target.url().clone());
        *outgoing.headers_mut() = headers(request, authorization);
        *outgoing.body_mut() = request.body.outgoing()?;
        let mut hop = None;
        for hops in 0..=MOST_HOPS {
            let mut response = self
                .client
                .execute(outgoing)
                .await
                .map_err(|error| after_hops(hops, network_error(error)))?;
            let next = match redirected(request, hop.as_ref(), &response)? {
                None => {
                    progress.enter(Phase::Body);
                    let headers = std::mem::take(response.headers_mut());
                    return Ok(Response {
                        status: response.status(),
                        connection: response.extensions().get().map(HttpInfo::local_addr),
                        body: ResponseBody::new(response, &headers, permit, request.body.stream()),
                        headers,
                        authorized: hop.as_ref().is_none_or(|hop: &redirect::Next| hop.same_origin),
                        url: hop.map(|hop| hop.url),
                    });
                }
                Some(_) if hops == MOST_HOPS => break,
                Some(next) => next,
            };
            outgoing = reqwest::Request::new(next.method.clone(), next.url.clone());
            *outgoing.headers_mut() = redirect::headers(&headers(request, authorization), &next);
            if next.keeps_body {
                *outgoing.body_mut() = request.body.outgoing()?;
            }
            hop = Some(next);
        }
        Err(Error::Redirect { problem: "it is the 21st of this call".into() })
    }
}

/// Once a hop was answered, the server has processed the request, whatever becomes of the next one.
fn after_hops(hops: u32, error: Error) -> Error {
    match error {
        Error::Network { kind, sent: false, source } if hops > 0 => {
            Error::Network { kind, sent: true, source }
        }
        Error::ConnectTimeout if hops > 0 => {
            Error::Network { kind: NetworkKind::Connect, sent: true, source: None }
        }
        other => other,
    }
}

/// Where an answer leads, if it leads anywhere. `hop` is the request that it answers, if that was led already.
fn redirected(
    request: &Request,
    hop: Option<&redirect::Next>,
    response: &reqwest::Response,
) -> Result<Option<redirect::Next>> {
    if request.redirect == RedirectMode::Manual {
        return Ok(None);
    }
    let (url, method, has_body) = hop.map_or_else(
        || (request.target.url(), &request.method, request.body.is_some()),
        |hop| (&hop.url, &hop.method, hop.keeps_body),
    );
    let location = response.headers().get(LOCATION).map(HeaderValue::as_bytes);
    let refused = |problem: &'static str| Err(Error::Redirect { problem: problem.into() });
    match redirect::follow(url, method, has_body, response.status(), location) {
        Hop::Stay => Ok(None),
        Hop::Refuse(problem) => refused(problem),
        Hop::Go(_) if request.redirect == RedirectMode::Error => refused("the call does not allow any"),
        Hop::Go(next) if next.keeps_body && !request.body.is_replayable() => {
            refused("it asks for a streamed body again")
        }
        // Once it has left, it never gets the credential back, wherever it is led.
        Hop::Go(next) => {
            let same_origin = next.same_origin && hop.is_none_or(|hop| hop.same_origin);
            Ok(Some(redirect::Next { same_origin, ..next }))
        }
    }
}

fn headers(request: &Request, authorization: &Authorization) -> HeaderMap {
    let mut headers = request.headers.clone();
    headers.insert(authorization.name.clone(), authorization.value.clone());
    // RFC 9110 section 8.6: a method that usually has a body says so when it has none.
    let length = request.body.length();
    let silent = length == Some(0) && ![Method::POST, Method::PUT, Method::PATCH].contains(&request.method);
    if let Some(length) = length.filter(|_| !silent) {
        headers.insert(CONTENT_LENGTH, length.into());
    }
    // Unless the caller chose; what comes is decoded all the same if it can be.
    // A range is one of encoded bytes, which nothing can decode (Fetch standard, HTTP-network-or-cache fetch).
    let codings = if headers.contains_key(RANGE) { "identity" } else { decoding::ACCEPT_ENCODING };
    headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static(codings));
    headers
}

/// What a failure of the transport means to the caller.
pub(super) fn network_error(error: reqwest::Error) -> Error {
    if has_cause::<body::Interrupted>(&error) {
        return Error::BodyInterrupted;
    }
    if error.is_connect() && error.is_timeout() {
        return Error::ConnectTimeout;
    }
    let kind = if error.is_dns() {
        NetworkKind::Dns
    } else if tls::explain(&error).is_some() {
        NetworkKind::Tls
    } else if error.is_connect() {
        NetworkKind::Connect
    } else if cause::<hyper::Error>(&error).is_some_and(hyper::Error::is_parse) {
        NetworkKind::Protocol
    } else {
        NetworkKind::Reset
    };
    // Not while its body is read: what was answered was processed.
    let refused = error.is_request() && cause::<h2::Error>(&error).is_some_and(is_unprocessed);
    // hyper's word for a request that was still in its hands when the connection ended.
    let unwritten =
        error.is_request() && cause::<hyper::Error>(&error).is_some_and(hyper::Error::is_canceled);
    let sent = !error.is_connect() && !refused && !unwritten;
    // The URL's query may hold personal data; the caller knows the path.
    let source: Cause = match tls::Failure::of(&error) {
        Some(failure) => Arc::new(failure),
        None => Arc::new(error.without_url()),
    };
    Error::Network { kind, sent, source: Some(source) }
}

/// Whether an HTTP/2 server says that it did not process the request (RFC 9113 section 8.7). A stream fails with a
/// `GOAWAY` only if it is above the last that the server has seen to.
fn is_unprocessed(error: &h2::Error) -> bool {
    error.is_remote() && (error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM))
}

pub(super) fn has_cause<E: std::error::Error + 'static>(error: &reqwest::Error) -> bool {
    cause::<E>(error).is_some()
}

fn cause<E: std::error::Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    let mut current: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = current {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        // An io::Error's own `source` skips the error that it wraps.
        current = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

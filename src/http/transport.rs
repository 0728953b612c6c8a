//! Sends one request on a pooled connection, follows its redirects, and returns the answer. It never retries.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, HeaderName, LOCATION, PROXY_AUTHORIZATION, RANGE,
    USER_AGENT,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use hyper::body::Incoming;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use super::body::{RequestBody, ResponseBody};
use super::connector::Connector;
use super::decoding;
use super::headers::{self, header_lines};
use super::interim::Interim;
use super::pool::{Answered, CONNECTIONS, OutgoingBody, Pool};
use super::proxy::Proxies;
use super::redirect::{self, Hop, MOST_HOPS};
use super::target::Target;
use super::tunnel;
use crate::error::{Destination, Error, NetworkKind, Phase, Reason, Result};
use crate::observe::Observer;
use crate::secret::{Redactor, Secret};

const SMART_TOKEN: HeaderName = HeaderName::from_static("x-smarttoken");
/// The most header fields that a request gets in addition to the caller's.
const MOST_OWN_HEADERS: usize = 6;
/// The most connections that are remembered: many more than are open at once.
const MOST_CONNECTIONS: usize = 1024;

/// The credential of one request, as a header that is marked sensitive.
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

    /// A redactor that removes quotes of the credential from texts.
    pub(super) fn redactor(&self) -> Redactor {
        let value = self.value.to_str().unwrap_or_default();
        Redactor::new([value.strip_prefix("Bearer ").unwrap_or(value)])
    }

    /// A text of the server without quotes of the credential.
    pub fn hidden_in(&self, text: &str) -> String {
        self.redactor().redact(text).into_owned()
    }

    fn new(name: HeaderName, text: &str) -> Result<Self> {
        let mut value = HeaderValue::from_str(text).map_err(|_| Error::Internal {
            problem: "a credential that no header can carry got past its check",
        })?;
        value.set_sensitive(true);
        Ok(Self { name, value })
    }
}

/// A request to the API.
#[derive(Debug, Clone)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// The URL of the request.
    pub target: Target,
    /// The caller's headers.
    pub headers: HeaderMap,
    /// The request's body.
    pub body: RequestBody,
    /// What to do with redirects.
    pub redirect: RedirectMode,
    /// Whether the caller declares the request idempotent: sending it twice has the same effect as once.
    pub idempotent: bool,
    /// Whether the request goes before others that wait for the same endpoint.
    pub priority: Priority,
    /// The time limit for the call until the answer's headers have arrived, or its whole body if that is buffered. It
    /// is also the limit for each read of a streamed body.
    pub timeout: Duration,
    /// Who is told of the call's steps. Usually nobody is.
    pub observer: Option<Observer>,
}

/// The order of calls that wait for the same endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Priority {
    /// A call that a user waits for.
    #[default]
    Interactive,
    /// A call that can wait until no interactive call does.
    Batch,
}

/// What to do with redirects, by their names in the Fetch standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RedirectMode {
    /// Follow them, without sending a credential or a body to another origin.
    #[default]
    Follow,
    /// Return them to the caller.
    Manual,
    /// Fail with [`Error::Redirect`].
    Error,
}

/// An answer, whose body may still have to be read.
#[derive(Debug)]
pub struct Response<Body = ResponseBody> {
    /// The HTTP status.
    pub status: StatusCode,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// The answer's body.
    pub body: Body,
    /// The URL that the answer came from, if redirects led elsewhere.
    pub url: Option<Url>,
    /// Whether the credential was sent to that URL.
    pub authorized: bool,
    /// The local address of the connection that the answer arrived on, which identifies the connection.
    pub connection: Option<SocketAddr>,
    /// The remote address of that connection: the server's, or a proxy's.
    pub peer: Option<SocketAddr>,
    /// Whether the answer came by HTTP/2.
    pub is_http2: bool,
}

impl<Body> Response<Body> {
    /// The answer without its body, and its body.
    pub fn take_body(self) -> (Response<()>, Body) {
        let Self { status, headers, body, url, authorized, connection, peer, is_http2 } = self;
        (Response { status, headers, body: (), url, authorized, connection, peer, is_http2 }, body)
    }

    /// The answer with another body.
    pub fn with_body<Other>(self, body: Other) -> Response<Other> {
        let Self { status, headers, body: _, url, authorized, connection, peer, is_http2 } = self;
        Response { status, headers, body, url, authorized, connection, peer, is_http2 }
    }

    /// The headers as text, one `name: value` per line.
    pub fn header_lines(&self) -> String {
        header_lines(&self.headers)
    }
}

/// What a call is doing now, for the error of a timeout.
#[derive(Debug, Default)]
pub struct Progress {
    phase: AtomicU8,
    /// Whether an earlier request of the call was sent.
    left_before: AtomicBool,
    /// Whether the current request has a connection.
    connected: AtomicBool,
}

impl Progress {
    /// Records that a phase has begun.
    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// The phase that began last.
    pub fn phase(&self) -> Phase {
        let phase = self.phase.load(Ordering::Relaxed);
        let began = [Phase::Token, Phase::Response, Phase::Body, Phase::Retry];
        match began.into_iter().find(|candidate| *candidate as u8 == phase) {
            Some(Phase::Response) if !self.connected.load(Ordering::Relaxed) => Phase::Connect,
            began => began.unwrap_or(Phase::Queue),
        }
    }

    /// Records that a request of the call was sent, and that another may follow.
    pub fn leave_behind(&self) {
        self.left_before.store(true, Ordering::Relaxed);
    }

    /// Whether a byte of an earlier request may have been sent.
    pub fn left_before(&self) -> bool {
        self.left_before.load(Ordering::Relaxed)
    }

    /// Whether a byte of any request may have been sent.
    pub fn has_left(&self) -> bool {
        self.left_before() || matches!(self.phase(), Phase::Response | Phase::Body)
    }

    fn set_connected(&self, connected: bool) {
        self.connected.store(connected, Ordering::Relaxed);
    }
}

/// The pooled connections that clients share.
#[derive(Debug)]
pub struct Transport {
    pool: Pool,
    proxies: Arc<Proxies>,
    slots: Arc<Semaphore>,
    /// The number of open bodies that were passed to readers.
    unread: Arc<AtomicUsize>,
    /// Connections that answers arrived on.
    known: Mutex<HashSet<SocketAddr>>,
}

impl Transport {
    /// A pool of connections made by `connector`. None is open yet.
    pub fn new(connector: &Connector) -> Self {
        Self {
            pool: connector.pooled(),
            proxies: Arc::clone(connector.proxies()),
            slots: Arc::new(Semaphore::new(CONNECTIONS)),
            unread: Arc::default(),
            known: Mutex::default(),
        }
    }

    /// Marks an answer's body as passed to a reader, which may take any time to read it.
    pub fn hand_over(&self, body: &mut ResponseBody) {
        body.hand_over(&self.unread);
    }

    /// How many answers that were passed to readers hold connections. `None` if a connection is free.
    pub fn unread(&self) -> Option<usize> {
        let unread = self.unread.load(Ordering::Relaxed);
        (unread > 0 && self.slots.available_permits() == 0).then_some(unread)
    }

    /// Whether an answer arrived on a connection with an earlier answer, so that its request was sent without
    /// connecting first. Call this once for each answer.
    pub fn was_connected<Body>(&self, response: &Response<Body>) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_CONNECTIONS {
            known.clear();
        }
        response.connection.is_some_and(|connection| !known.insert(connection))
    }

    /// Where a request to `url` goes, for errors.
    pub fn destination(&self, url: &Url) -> Destination {
        self.proxies.destination_of(url)
    }

    /// Waits for a free connection, which is released when the permit is dropped.
    pub async fn admit(&self) -> Result<OwnedSemaphorePermit> {
        Arc::clone(&self.slots).acquire_owned().await.map_err(|_| Error::Closed)
    }

    /// Sends `request` once, and follows its redirects. The returned answer holds the permit until its body was read.
    pub async fn send(
        &self,
        request: &Request,
        authorization: &Authorization,
        permit: OwnedSemaphorePermit,
        progress: &Progress,
    ) -> Result<Response> {
        progress.enter(Phase::Response);
        let mut hop: Option<redirect::Next> = None;
        for hops in 0..=MOST_HOPS {
            let outgoing = match &hop {
                None => {
                    let headers = headers(request, authorization);
                    (&request.method, request.target.url(), headers, request.body.outgoing()?)
                }
                Some(next) => {
                    let headers = redirect::headers(&headers(request, authorization), next);
                    let body = if next.keeps_body { &request.body } else { &RequestBody::Empty };
                    (&next.method, &next.url, headers, body.outgoing()?)
                }
            };
            if hops > 0 {
                progress.leave_behind();
            }
            let url = outgoing.1;
            let answered = self.send_once(outgoing, progress).await.map_err(|error| {
                after_hops(hops, error.on_the_way(false, || self.proxies.destination_of(url)))
            })?;
            let next = match redirected(request, hop.as_ref(), &answered.response)? {
                None => {
                    progress.enter(Phase::Body);
                    let Answered { response, addresses, lease } = answered;
                    let (head, body) = response.into_parts();
                    return Ok(Response {
                        status: head.status,
                        connection: addresses.map(|addresses| addresses.local),
                        peer: addresses.map(|addresses| addresses.peer),
                        is_http2: head.version == http::Version::HTTP_2,
                        body: ResponseBody::new(body, &head.headers, lease, permit, request.body.stream()),
                        headers: head.headers,
                        authorized: hop.as_ref().is_none_or(|hop| hop.same_origin),
                        url: hop.map(|hop| hop.url),
                    });
                }
                Some(_) if hops == MOST_HOPS => break,
                Some(next) => next,
            };
            hop = Some(next);
        }
        Err(Error::Redirect { problem: "it is the 21st of this call".into() })
    }
}

/// A request as it is sent, without its redirects.
type Outgoing<'a> = (&'a Method, &'a Url, HeaderMap, OutgoingBody);

impl Transport {
    async fn send_once(
        &self,
        (method, url, mut headers, body): Outgoing<'_>,
        progress: &Progress,
    ) -> Result<Answered> {
        // A proxy that forwards requests needs its login in each request. A tunnel needs it only when it is opened.
        if url.scheme() == "http"
            && let Some(proxy) = self.proxies.of_url(url)?
            && let Some(login) = proxy.login.as_ref().filter(|_| proxy.speaks_http())
        {
            headers.insert(PROXY_AUTHORIZATION, tunnel::authorization(login)?);
        }
        let mut outgoing = http::Request::new(body);
        *outgoing.method_mut() = method.clone();
        *outgoing.headers_mut() = headers;
        let interim = Interim::watch(&mut outgoing);
        progress.set_connected(false);
        tokio::select! {
            biased;
            answered = self.pool.send(outgoing, url, || progress.set_connected(true)) => answered,
            error = interim.too_many() => Err(error),
        }
    }
}

/// The error after redirects. Once a redirect was received, the server has processed the request, whatever happens to
/// the next one.
fn after_hops(hops: u32, error: Error) -> Error {
    match error {
        Error::Network { kind, sent: false, to, reason } if hops > 0 => {
            Error::Network { kind, sent: true, to, reason }
        }
        Error::ConnectTimeout { to } if hops > 0 => {
            let reason = Some(Arc::new(Reason::new("it was not made in time (ETIMEDOUT)", "ETIMEDOUT")));
            Error::Network { kind: NetworkKind::Connect, sent: true, to, reason }
        }
        other => other,
    }
}

/// The next request if the answer is a redirect to follow. `hop` is the request that it answers, if that one was
/// redirected itself.
fn redirected(
    request: &Request,
    hop: Option<&redirect::Next>,
    response: &http::Response<Incoming>,
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
        // A request that left the origin never gets the credential back, even if it returns there.
        Hop::Go(next) => {
            let same_origin = next.same_origin && hop.is_none_or(|hop| hop.same_origin);
            Ok(Some(redirect::Next { same_origin, ..next }))
        }
    }
}

fn headers(request: &Request, authorization: &Authorization) -> HeaderMap {
    let mut headers = request.headers.clone();
    headers.reserve(MOST_OWN_HEADERS);
    headers.insert(authorization.name.clone(), authorization.value.clone());
    if let Some(length) = request.body.stated_length(&request.method) {
        headers.insert(CONTENT_LENGTH, length.into());
    }
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(headers::USER_AGENT));
    // This is the default if the caller set none. A range would be one of encoded bytes, which cannot be decoded (Fetch
    // standard, HTTP-network-or-cache fetch).
    let codings = if headers.contains_key(RANGE) { "identity" } else { decoding::ACCEPT_ENCODING };
    headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static(codings));
    headers
}

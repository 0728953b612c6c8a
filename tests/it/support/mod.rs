//! A server whose every answer the test decides, with a record of what reached it.

pub(crate) mod source;
pub(crate) mod store;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use smartrecruiters::client::{Client, ClientOptions, Credential};
use smartrecruiters::clock::{Clock, SystemClock};
use smartrecruiters::credential::{ClientAuthentication, OAuthClient};
use smartrecruiters::http::{BaseUrl, Priority, RedirectMode, Request, RequestBody, Target};
use smartrecruiters::lifecycle::{CodeExchange, ImportedGrant, OAuthAppOptions};
use smartrecruiters::once::Listener;
use smartrecruiters::secret::Secret;
use smartrecruiters::store::Store;
use smartrecruiters::token::RefreshToken;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};

/// What reached the server.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    /// As the request line has it: whole, if it came through a proxy.
    pub(crate) uri: String,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// What it answers.
pub(crate) enum Reply {
    Json(u16, String),
    Redirect(u16, String),
    /// With a `Retry-After`.
    Wait(u16, &'static str),
    /// With a `Content-Encoding`.
    Encoded(&'static str, Vec<u8>),
    /// The same, but its end comes when the test has added a permit.
    Unended(&'static str, Vec<u8>, Arc<Semaphore>),
    /// The connection is closed without an answer.
    Drop,
    /// No answer ever comes.
    Never,
    /// As the other, once the test has added a permit.
    Held(Arc<Semaphore>, Box<Reply>),
    /// A part of it, and the connection's end.
    Cut(u16, String),
}

type Handler = Box<dyn Fn(&Seen) -> Reply + Send + Sync>;

pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    arrived: Arc<Notify>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// Answers each request with what `handler` says.
    pub(crate) async fn start(handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let arrived = Arc::new(Notify::new());
        let connections = Arc::new(AtomicUsize::new(0));
        let handler: Arc<Handler> = Arc::new(Box::new(handler));
        tokio::spawn({
            let (seen, arrived) = (Arc::clone(&seen), Arc::clone(&arrived));
            let connections = Arc::clone(&connections);
            async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    connections.fetch_add(1, Ordering::Relaxed);
                    let (seen, arrived) = (Arc::clone(&seen), Arc::clone(&arrived));
                    let handler = Arc::clone(&handler);
                    tokio::spawn(async move {
                        let service = service_fn(|request| answer(request, &seen, &arrived, &handler));
                        // A dropped connection is what some tests ask for.
                        let _ = hyper::server::conn::http1::Builder::new()
                            .serve_connection(TokioIo::new(stream), service)
                            .await;
                    });
                }
            }
        });
        Self { address, seen, arrived, connections }
    }

    /// A server that somebody else runs at this address, or nobody does.
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self { address, seen: Arc::default(), arrived: Arc::default(), connections: Arc::default() }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Forgets what has reached the server so far.
    pub(crate) fn forget(&self) {
        self.seen.lock().unwrap().clear();
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// How many requests for this path came.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|seen| seen.path == path).count()
    }

    /// Waits until so many requests for this path have come.
    pub(crate) async fn reached(&self, path: &str, count: usize) {
        loop {
            let arrived = self.arrived.notified();
            if self.count(path) >= count {
                return;
            }
            arrived.await;
        }
    }

    pub(crate) fn client(&self, credential: &Credential) -> Client {
        self.client_with(credential, Arc::new(SystemClock))
    }

    pub(crate) fn client_of(&self, credential: &Credential, options: ClientOptions) -> Client {
        let base = BaseUrl::parse("baseUrl", &self.url()).unwrap();
        Client::new(credential, Some(base), options, Arc::new(SystemClock)).unwrap()
    }

    pub(crate) fn client_with(&self, credential: &Credential, clock: Arc<dyn Clock>) -> Client {
        client(credential, &self.url(), clock)
    }
}

pub(crate) fn client(credential: &Credential, base: &str, clock: Arc<dyn Clock>) -> Client {
    let base = BaseUrl::parse("baseUrl", base).unwrap();
    Client::new(credential, Some(base), ClientOptions { retries: 0, ..unlimited() }, clock).unwrap()
}

/// Options of a client that is as fast as it can be: most tests are about something else than limits.
pub(crate) fn unlimited() -> ClientOptions {
    ClientOptions { limits: None, ..ClientOptions::default() }
}

async fn answer(
    request: hyper::Request<Incoming>,
    seen: &Mutex<Vec<Seen>>,
    arrived: &Notify,
    handler: &Handler,
) -> Result<hyper::Response<UnsyncBoxBody<Bytes, Refused>>, Refused> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Refused)?.to_bytes();
    let this = Seen {
        path: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        uri: parts.uri.to_string(),
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    seen.lock().unwrap().push(this.clone());
    arrived.notify_waiters();
    let mut reply = handler(&this);
    while let Reply::Held(gate, then) = reply {
        gate.acquire().await.unwrap().forget();
        reply = *then;
    }
    let response = hyper::Response::builder();
    let whole = |body: Bytes| Full::new(body).map_err(|never| match never {}).boxed_unsync();
    Ok(match reply {
        Reply::Json(status, body) => {
            response.status(status).header("content-type", "application/json").body(whole(body.into()))
        }
        Reply::Redirect(status, to) => {
            response.status(status).header("location", to).body(whole(Bytes::new()))
        }
        Reply::Wait(status, until) => {
            response.status(status).header("retry-after", until).body(whole(Bytes::new()))
        }
        Reply::Encoded(coding, body) => response
            .header("content-encoding", coding)
            .header("content-type", "text/plain")
            .body(whole(body.into())),
        Reply::Unended(coding, body, gate) => {
            let end = async move {
                gate.acquire().await.unwrap().forget();
                Ok(Frame::data(Bytes::new()))
            };
            let parts = stream::iter([Ok(Frame::data(Bytes::from(body)))]).chain(stream::once(end));
            response.header("content-encoding", coding).body(StreamBody::new(parts).boxed_unsync())
        }
        Reply::Cut(status, body) => {
            let end = async {
                // What came before is on its way when hyper has nothing else to do.
                tokio::task::yield_now().await;
                Err(Refused)
            };
            let parts = stream::iter([Ok(Frame::data(Bytes::from(body)))]).chain(stream::once(end));
            response
                .status(status)
                .header("content-type", "application/json")
                .body(StreamBody::new(parts).boxed_unsync())
        }
        Reply::Drop => return Err(Refused),
        Reply::Held(..) => unreachable!("it was waited for"),
        Reply::Never => {
            let never: Infallible = std::future::pending().await;
            match never {}
        }
    }
    .unwrap())
}

/// Makes hyper close the connection.
#[derive(Debug)]
struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("as the test wants")
    }
}

impl std::error::Error for Refused {}

pub(crate) fn get(client: &Client, path: &str) -> Request {
    Request {
        method: http::Method::GET,
        target: Target::parse(client.base(), path, &[], &[]).unwrap(),
        headers: http::HeaderMap::new(),
        body: RequestBody::Empty,
        redirect: RedirectMode::Follow,
        idempotent: false,
        priority: Priority::Interactive,
        timeout: Duration::from_secs(30),
        observer: None,
    }
}

pub(crate) fn oauth_client() -> OAuthClient {
    OAuthClient::new("id".into(), "secret".into(), ClientAuthentication::Body).unwrap()
}

/// An app of the server at `base_url`.
pub(crate) fn app_options(base_url: &str, store: Arc<dyn Store>) -> OAuthAppOptions {
    OAuthAppOptions {
        client: oauth_client(),
        redirect_uri: "http://localhost:3000/callback".into(),
        scopes: Vec::new(),
        environment: None,
        base_url: Some(base_url.to_owned()),
        authorize_url: None,
        token_url: None,
        pkce: false,
        send_response_type: true,
        send_redirect_uri: true,
        issuer: None,
        store,
        sealing: None,
        listener: Listener::default(),
    }
}

/// The grant `customer` as another system obtained it.
pub(crate) fn customer(refresh: &str) -> ImportedGrant {
    ImportedGrant {
        id: "customer".into(),
        refresh: RefreshToken(Secret::new(refresh)),
        access: None,
        scopes: Vec::new(),
        metadata: BTreeMap::new(),
        refresh_issued_at: None,
    }
}

/// A callback to exchange for the grant of this id.
pub(crate) fn exchange(callback: &str, state: &str, id: &str) -> CodeExchange {
    CodeExchange {
        callback: callback.into(),
        state: state.into(),
        id: Some(id.into()),
        metadata: BTreeMap::new(),
    }
}

/// A token endpoint's answer.
pub(crate) fn token(access: &str, refresh: Option<&str>) -> Reply {
    let refresh = refresh.map(|token| format!(r#","refresh_token":"{token}""#)).unwrap_or_default();
    Reply::Json(
        200,
        format!(r#"{{"access_token":"{access}","token_type":"Bearer","expires_in":1800{refresh}}}"#),
    )
}

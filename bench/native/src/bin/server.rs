//! The server that every client is measured against: HTTP/1.1 with keep-alive, on one thread, in the clear and over
//! TLS. `server CA_FILE` writes the certificate to trust, prints where it listens and what it serves as a line of JSON,
//! and ends with its standard input.

use std::convert::Infallible;
use std::io::Read as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use smartrecruiters_bench::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

const SMALL_BYTES: usize = 300;
const PAGE_OBJECTS: usize = 100;
const STREAM_BYTES: usize = 100_000_000;
const LIST_ITEMS: usize = 100_000;
const CHUNK_BYTES: usize = 64 * 1024;
const SMART_TOKEN: HeaderName = HeaderName::from_static("x-smarttoken");

/// With `content-type`, `content-length` and `date`, nine headers, as the vendor's answers have.
const HEADERS: [(&str, &str); 6] = [
    ("cache-control", "no-cache, no-store"),
    ("x-request-id", "6e0d2f4a-3c1b-4a58-9f2e-7b8c9d0e1f2a"),
    ("x-ratelimit-limit", "10"),
    ("x-ratelimit-remaining", "9"),
    ("x-ratelimit-concurrent-limit", "8"),
    ("x-ratelimit-concurrent-remaining", "7"),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let ca_file = std::env::args().nth(1).ok_or("the name of a file for the certificate is missing")?;
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let tls = tls(&ca_file)?;
    let answers = Arc::new(Answers::new());
    let plain = TcpListener::bind("127.0.0.1:0").await?;
    let secure = TcpListener::bind("127.0.0.1:0").await?;
    println!(
        r#"{{"http":"http://{}","https":"https://{}","small":{},"page":{},"download":{STREAM_BYTES},"upload":{STREAM_BYTES},"list":{LIST_ITEMS}}}"#,
        plain.local_addr()?,
        secure.local_addr()?,
        answers.small.len(),
        answers.page.len(),
    );
    loop {
        tokio::select! {
            accepted = plain.accept() => {
                tokio::spawn(serve(connection(accepted?.0)?, Arc::clone(&answers)));
            }
            accepted = secure.accept() => {
                let (stream, tls, answers) = (connection(accepted?.0)?, tls.clone(), Arc::clone(&answers));
                tokio::spawn(async move {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, answers).await;
                    }
                });
            }
        }
    }
}

fn connection(stream: TcpStream) -> std::io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, answers: Arc<Answers>) {
    let service = service_fn(|request: Request<Incoming>| {
        let answers = Arc::clone(&answers);
        async move {
            let response = answers.to(&request);
            if request.uri().path() != "/upload" || response.status() != StatusCode::OK {
                return Ok(response);
            }
            let received = length_of(request.into_body()).await?;
            Ok::<_, hyper::Error>(json(StatusCode::OK, format!(r#"{{"received":{received}}}"#).into()))
        }
    });
    // A client may go at any time.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

struct Answers {
    small: Bytes,
    page: Bytes,
    chunk: Bytes,
}

impl Answers {
    fn new() -> Self {
        let object = object(0);
        let page = page(0, PAGE_OBJECTS);
        Self { small: object.into(), page, chunk: vec![0x5a; CHUNK_BYTES].into() }
    }

    fn to(&self, request: &Request<Incoming>) -> Response<Either<Full<Bytes>, Chunks>> {
        let path = request.uri().path();
        if (request.method(), path) == (&Method::POST, "/identity/oauth/token") {
            let token = r#"{"access_token":"benchmark","token_type":"Bearer","expires_in":1800}"#;
            return json(StatusCode::OK, Bytes::from_static(token.as_bytes()));
        }
        let headers = request.headers();
        let authorized = headers.get(AUTHORIZATION).is_some_and(|value| value == "Bearer benchmark")
            || headers.get(SMART_TOKEN).is_some_and(|value| value == "benchmark");
        if !authorized {
            return json(StatusCode::UNAUTHORIZED, Bytes::from_static(br#"{"message":"no credential"}"#));
        }
        match path {
            "/small" => json(StatusCode::OK, self.small.clone()),
            "/page" => json(StatusCode::OK, self.page.clone()),
            "/v1/companies/benchmark/postings" => {
                let query = request.uri().query().unwrap_or_default();
                let offset = query.split('&').find_map(|pair| pair.strip_prefix("offset=")?.parse().ok());
                json(StatusCode::OK, page(offset.unwrap_or(0), LIST_ITEMS))
            }
            "/upload" => json(StatusCode::OK, Bytes::new()),
            "/download/100mb" => {
                let chunks = Chunks { chunk: self.chunk.clone(), left: STREAM_BYTES };
                response(StatusCode::OK, "application/octet-stream", Either::Right(chunks))
            }
            _ => json(StatusCode::NOT_FOUND, Bytes::from_static(br#"{"message":"no such path"}"#)),
        }
    }
}

fn page(offset: usize, total: usize) -> Bytes {
    let objects = (offset..offset + PAGE_OBJECTS).map(object).collect::<Vec<_>>().join(",");
    format!(r#"{{"limit":{PAGE_OBJECTS},"offset":{offset},"totalFound":{total},"content":[{objects}]}}"#)
        .into()
}

async fn length_of(mut body: Incoming) -> Result<usize, hyper::Error> {
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame?.data_ref().map_or(0, Bytes::len);
    }
    Ok(length)
}

fn json<T>(status: StatusCode, body: Bytes) -> Response<Either<Full<Bytes>, T>> {
    response(status, "application/json;charset=utf-8", Either::Left(Full::new(body)))
}

fn response<T>(status: StatusCode, content_type: &'static str, body: T) -> Response<T> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(content_type));
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// A job of the vendor's, 300 bytes long.
fn object(number: usize) -> String {
    let start = format!(
        r#"{{"id":"{number:08}-3f6c-4f5e-b1a7","refNumber":"REF{number:05}","title":"Software Engineer {number:03}","status":"SOURCING","location":{{"city":"Berlin","country":"de","remote":true}},"department":{{"id":"{number:06}","label":"Engineering"}},"openings":3,"updatedOn":"2026-01-15T09:30:00.000Z","notes":""#
    );
    let padding = SMALL_BYTES - start.len() - 2;
    format!(r#"{start}{}"}}"#, "n".repeat(padding))
}

/// A long body, made as it is sent.
struct Chunks {
    chunk: Bytes,
    left: usize,
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let length = self.left.min(self.chunk.len());
        self.left -= length;
        Poll::Ready((length > 0).then(|| Ok(Frame::data(self.chunk.slice(..length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}

/// TLS with a certificate that is made now, signed by an authority that is made now too.
fn tls(ca_file: &str) -> Result<TlsAcceptor, Error> {
    let authority_key = KeyPair::generate()?;
    let mut authority = CertificateParams::new(Vec::new())?;
    // With one name for both, OpenSSL takes the certificate for one that signed itself.
    authority.distinguished_name.push(DnType::CommonName, "smartrecruiters-bench authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    std::fs::write(ca_file, authority.self_signed(&authority_key)?.pem())?;
    let key = KeyPair::generate()?;
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut server = CertificateParams::new(names)?;
    server.distinguished_name.push(DnType::CommonName, "smartrecruiters-bench server");
    let certificate = server.signed_by(&key, &Issuer::new(authority, authority_key))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

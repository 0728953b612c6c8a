//! A plain hyper client, one connection for each request in flight: what HTTP costs in Rust at least.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use smartrecruiters_bench::Error;
use smartrecruiters_bench::args::Args;
use smartrecruiters_bench::load::{Worker, run};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

struct Connection {
    sender: SendRequest<Empty<Bytes>>,
    host: String,
    path: String,
}

impl Worker for Connection {
    async fn request(&mut self) -> Result<usize, Error> {
        self.sender.ready().await?;
        let request = Request::get(&self.path)
            .header("host", &self.host)
            .header("authorization", "Bearer benchmark")
            .header("accept", "*/*")
            .body(Empty::new())?;
        let mut response = self.sender.send_request(request).await?;
        if response.status() != StatusCode::OK {
            return Err(Error::from(format!("status {}", response.status())));
        }
        let mut length = 0;
        while let Some(frame) = response.frame().await {
            length += frame?.data_ref().map_or(0, Bytes::len);
        }
        Ok(length)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let args = Args::read()?;
    let (scheme, host) = args.url.split_once("://").ok_or("--url must be a URL")?;
    let tls =
        if scheme == "https" { Some(trust(args.ca.as_deref().ok_or("--ca is missing")?)?) } else { None };
    let mut connections = Vec::new();
    for _ in 0..args.in_flight {
        let sender = connect(host, tls.as_ref()).await?;
        connections.push(Connection { sender, host: host.to_owned(), path: args.path.clone() });
    }
    run(&args, connections).await
}

async fn connect(host: &str, tls: Option<&TlsConnector>) -> Result<SendRequest<Empty<Bytes>>, Error> {
    let stream = TcpStream::connect(host).await?;
    stream.set_nodelay(true)?;
    // A connection that fails makes its request fail, which says more.
    if let Some(tls) = tls {
        let name = host.split(':').next().unwrap_or(host).to_owned();
        let stream = tls.connect(ServerName::try_from(name)?, stream).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    } else {
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }
}

fn trust(ca: &str) -> Result<TlsConnector, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes())?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

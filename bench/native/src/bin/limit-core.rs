//! This crate without Node: what the binding and the face add is the difference to it.

use std::sync::Arc;
use std::time::Duration;

use bytes::BufMut as _;
use smartrecruiters::client::{Client, ClientOptions, Credential};
use smartrecruiters::clock::SystemClock;
use smartrecruiters::credential::ApiKey;
use smartrecruiters::http::{BaseUrl, ConnectOptions, Priority, RedirectMode, Request, RequestBody, Target};
use smartrecruiters_bench::Error;
use smartrecruiters_bench::args::Args;
use smartrecruiters_bench::load::{Worker, run};

/// As much of a streamed body as is asked for at once.
const READ_AT_ONCE: usize = 256 * 1024;

struct Caller {
    client: Client,
    path: String,
    stream: bool,
}

impl Worker for Caller {
    async fn request(&mut self) -> Result<usize, Error> {
        let request = Request {
            method: http::Method::GET,
            target: Target::parse(self.client.base(), &self.path, &[], &[])?,
            headers: http::HeaderMap::new(),
            body: RequestBody::Empty,
            redirect: RedirectMode::Follow,
            idempotent: false,
            priority: Priority::Interactive,
            timeout: Duration::from_secs(128),
            observer: None,
        };
        if !self.stream {
            return Ok(self.client.send(&request).await?.body.len());
        }
        let mut body = self.client.open_success(&request).await?.body;
        let mut length = 0;
        let mut part = Vec::with_capacity(READ_AT_ONCE);
        while body.read(&mut (&mut part).limit(READ_AT_ONCE)).await? {
            length += part.len();
            part.clear();
        }
        Ok(length)
    }
}

// One thread, as in the addon.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let args = Args::read()?;
    let credential = Credential::ApiKey(ApiKey::new("benchmark".to_owned())?);
    let base = BaseUrl::parse("url", &args.url)?;
    let options = ClientOptions {
        connect: ConnectOptions { ca: args.ca.clone(), ..ConnectOptions::default() },
        limits: None,
        ..ClientOptions::default()
    };
    let client = Client::new(&credential, Some(base), options, Arc::new(SystemClock))?;
    let caller = || Caller { client: client.clone(), path: args.path.clone(), stream: args.stream };
    run(&args, (0..args.in_flight).map(|_| caller()).collect()).await
}

//! The steps of a renewal as the token endpoint's socket and the store see them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use smartrecruiters::clock::ManualClock;
use smartrecruiters::error::{Error, ReauthorizationReason, Result};
use smartrecruiters::http::{ConnectOptions, Connector, ProxyChoice};
use smartrecruiters::lifecycle::{CurrentToken, OAuthApp, TokenSource};
use smartrecruiters::secret::Secret;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::support::store::{Call, Fate, ScriptedStore};
use crate::support::{app_options, customer};

const ANSWER: &str = r#"{"access_token":"at-1","token_type":"Bearer","refresh_token":"rt-1"}"#;
const REFUSED: &str = r#"{"error":"invalid_grant"}"#;

/// What happened, in order.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// What happened until so many connections have ended, without their ends, which come in any order.
    async fn until_ended(&self, connections: usize) -> Vec<String> {
        let is_end = |step: &String| step == "end of connection";
        let ends = || self.0.lock().unwrap().iter().filter(|step| is_end(step)).count();
        let waiting = async {
            while ends() < connections {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), waiting).await.unwrap();
        assert_eq!(ends(), connections);
        self.take().into_iter().filter(|step| !is_end(step)).collect()
    }
}

/// When a store takes the journal of a renewal: once a connection was made to the token endpoint.
#[derive(Debug, Default)]
struct Journal {
    armed: AtomicBool,
    /// The next one loses its race.
    loses: AtomicBool,
}

/// A store in memory that takes journals as `journal` says. `connected` has a permit for each connection.
fn watching(log: &Log, connected: &Arc<Semaphore>, journal: &Arc<Journal>) -> ScriptedStore {
    let (log, connected, journal) = (log.clone(), Arc::clone(connected), Arc::clone(journal));
    ScriptedStore::new(move |call| {
        let Call::Swap { bytes, .. } = call else { return Fate::Passes };
        if !journal.armed.load(Ordering::SeqCst) {
            return Fate::Passes;
        }
        if !String::from_utf8_lossy(bytes).contains("xchanging") {
            log.add("commit or release");
            return Fate::Passes;
        }
        let (log, connected, journal) = (log.clone(), Arc::clone(&connected), Arc::clone(&journal));
        Fate::Later(Box::pin(async move {
            connected.acquire().await.unwrap().forget();
            news().await;
            let loses = journal.loses.swap(false, Ordering::SeqCst);
            log.add(if loses { "lost" } else { "journal" });
            if loses { Fate::RaceLost } else { Fate::Passes }
        }))
    })
}

/// Has the runtime look at its sockets: what was sent to any of them before is then known there.
async fn news() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connecting = TcpStream::connect(listener.local_addr().unwrap());
    let (mut here, there) = tokio::join!(async { connecting.await.unwrap() }, listener.accept());
    there.unwrap().0.write_u8(0).await.unwrap();
    here.read_u8().await.unwrap();
}

/// What becomes of a connection.
#[derive(Debug, Clone, Copy)]
enum Then {
    Answer(&'static str),
    /// It is closed at once.
    Close,
}

/// A token endpoint that says what it sees, and its own proxy.
async fn endpoint(log: &Log, connected: &Arc<Semaphore>, then: Vec<Then>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (log, connected) = (log.clone(), Arc::clone(connected));
    tokio::spawn(async move {
        for then in then {
            let (stream, _) = listener.accept().await.unwrap();
            log.add("connection");
            match then {
                Then::Close => drop(stream),
                Then::Answer(body) => drop(tokio::spawn(serve(stream, log.clone(), body))),
            }
            connected.add_permits(1);
        }
    });
    url
}

async fn serve(mut stream: TcpStream, log: Log, body: &'static str) {
    let mut seen = String::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        if read == 0 {
            log.add("end of connection");
            return;
        }
        if seen.is_empty() {
            log.add("first byte");
        }
        seen.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        if seen.contains("refresh_token=rt-0") {
            log.add(seen.split(" HTTP/1.1").next().unwrap());
            let length = body.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
            );
            stream.write_all((head + body).as_bytes()).await.unwrap();
            seen.clear();
        }
    }
}

struct Setup {
    log: Log,
    clock: ManualClock,
    journal: Arc<Journal>,
    source: Arc<TokenSource>,
}

impl Setup {
    async fn new(then: Vec<Then>, through_proxy: bool) -> (Self, String) {
        let (log, connected, clock) = (Log::default(), Arc::new(Semaphore::new(0)), ManualClock::new());
        let url = endpoint(&log, &connected, then).await;
        let journal = Arc::new(Journal::default());
        let store = Arc::new(watching(&log, &connected, &journal));
        let proxy =
            if through_proxy { ProxyChoice::Url(Secret::new(url.clone())) } else { ProxyChoice::Direct };
        let connector = Connector::new(ConnectOptions { proxy, ..ConnectOptions::default() }).unwrap();
        let app = OAuthApp::new(app_options(&url, store), &connector, Arc::new(clock.clone())).unwrap();
        let source = app.import(customer("rt-0")).await.unwrap().source;
        journal.armed.store(true, Ordering::SeqCst);
        (Self { log, clock, journal, source }, url)
    }

    /// A failure takes its time only where a step is out of its order.
    async fn token(&self) -> Result<Arc<CurrentToken>> {
        tokio::time::timeout(Duration::from_secs(60), self.source.token()).await.unwrap()
    }
}

#[tokio::test]
async fn a_renewal_connects_then_writes_its_journal_then_sends_its_only_request() {
    for through_proxy in [false, true] {
        let (setup, url) = Setup::new(vec![Then::Answer(ANSWER)], through_proxy).await;
        assert_eq!(setup.token().await.unwrap().token.value, Secret::new("at-1"));
        let target = if through_proxy { url.as_str() } else { "" };
        let request = format!("POST {target}/identity/oauth/token");
        let expected = ["connection", "journal", "first byte", request.as_str(), "commit or release"];
        assert_eq!(setup.log.until_ended(1).await, expected);
    }
}

#[tokio::test]
async fn a_connection_that_ends_while_the_journal_is_written_carried_nothing() {
    let (setup, _) = Setup::new(vec![Then::Close, Then::Answer(REFUSED)], false).await;
    let error = setup.token().await.unwrap_err();
    assert!(matches!(error, Error::TokenUnavailable { sent: false, .. }), "{error:?}");
    assert_eq!(setup.log.take(), ["connection", "journal", "commit or release"]);
    // Nothing is in doubt: what the server says of the refresh token is the whole truth.
    setup.clock.advance(Duration::from_secs(1));
    let error = setup.token().await.unwrap_err();
    let Error::ReauthorizationRequired { reason, .. } = error else { panic!("{error:?}") };
    assert_eq!(reason, ReauthorizationReason::RevokedOrExpired);
}

#[tokio::test]
async fn a_journal_that_is_lost_closes_its_connection_unused() {
    let (setup, _) = Setup::new(vec![Then::Answer(ANSWER), Then::Answer(ANSWER)], false).await;
    setup.journal.loses.store(true, Ordering::SeqCst);
    setup.token().await.unwrap();
    let request = "POST /identity/oauth/token";
    assert_eq!(
        setup.log.until_ended(2).await,
        ["connection", "lost", "connection", "journal", "first byte", request, "commit or release"]
    );
}

//! Redis fails over behind its name, here a proxy of the test's: the old primary lives on as a replica, is stopped, or
//! never had a replica that takes writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::time::Duration;

use smartrecruiters::environment::Variables;
use smartrecruiters::limit::{CredentialId, PermitRequest, RedisLimits, RedisLimitsOptions, SharedWindow};
use smartrecruiters::secret::Secret;
use smartrecruiters::store::{NEVER, RedisOptions, RedisStore, Store, Swap};
use tokio::net::{TcpListener, TcpStream};

use super::servers::Server;
use super::{awaited, contract, served};

/// How soon a renewal has to go on once the name leads to the new primary.
const SOON: Duration = Duration::from_secs(5);

/// A name that leads to one server or another. Connections stay where they are.
struct Name {
    port: u16,
    target: Arc<AtomicU16>,
}

impl Name {
    async fn of(port: u16) -> Self {
        let target = Arc::new(AtomicU16::new(port));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let current = Arc::clone(&target);
        tokio::spawn(async move {
            while let Ok((mut from, _)) = listener.accept().await {
                let port = current.load(Ordering::SeqCst);
                tokio::spawn(async move {
                    if let Ok(mut to) = TcpStream::connect(("127.0.0.1", port)).await {
                        let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
                    }
                });
            }
        });
        Self { port, target }
    }

    fn lead_to(&self, server: &Server) {
        self.target.store(server.port, Ordering::SeqCst);
    }

    fn url(&self) -> Secret {
        Secret::new(format!("redis://:canary@127.0.0.1:{}/0", self.port))
    }

    fn store(&self) -> RedisStore {
        RedisStore::new(RedisOptions {
            url: self.url(),
            namespace: None,
            ca: None,
            variables: Variables::default(),
        })
        .unwrap()
    }
}

/// The answer of a server that has to give one, as text where it is text.
pub(super) async fn ask(server: &Server, words: &[&str]) -> String {
    let answer = answer(server, words).await.unwrap_or_else(|error| panic!("{words:?}: {error}"));
    redis::from_redis_value(answer).unwrap_or_default()
}

/// The answer of a server that may not be able to give one.
pub(super) async fn try_ask<T: redis::FromRedisValue>(server: &Server, words: &[&str]) -> Option<T> {
    redis::from_redis_value(answer(server, words).await.ok()?).ok()
}

async fn answer(server: &Server, words: &[&str]) -> redis::RedisResult<redis::Value> {
    let url = format!("redis://:canary@127.0.0.1:{}/0", server.port);
    let mut connection = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
    redis::cmd(words[0]).arg(&words[1..]).query_async(&mut connection).await
}

/// Waits until the server says so in `INFO replication`.
pub(super) async fn until(server: &Server, line: &str) {
    awaited(line, async || {
        try_ask::<String>(server, &["INFO", "replication"]).await?.contains(line).then_some(())
    })
    .await;
}

/// A primary, and a replica that has all that it has.
async fn pair() -> (Server, Server) {
    let (primary, replica) = (Server::redis_that_replicates(), Server::redis_that_replicates());
    for server in [&primary, &replica] {
        served(&Name::of(server.port).await.store()).await;
    }
    follow(&replica, &primary).await;
    (primary, replica)
}

pub(super) async fn follow(replica: &Server, primary: &Server) {
    ask(replica, &["REPLICAOF", "127.0.0.1", &primary.port.to_string()]).await;
    linked(replica, primary).await;
}

/// Waits until each knows of the other.
async fn linked(replica: &Server, primary: &Server) {
    until(replica, "master_link_status:up").await;
    until(primary, "state=online").await;
}

/// Waits until a replica has the record, which its primary sends on after it has answered.
async fn until_replicated(replica: &Server) {
    let count = ["EVAL", "return tostring(#redis.call('KEYS', '*renewed*'))", "0"];
    awaited("a record at the replica", async || (ask(replica, &count).await != "0").then_some(())).await;
}

/// Swaps until one is won.
async fn swap_until_won(store: &RedisStore) {
    awaited("a swap that is won", async || {
        let version = store.load("renewed").await.ok()?.map_or(0, |stored| stored.version);
        let swap = store.swap("renewed", version, b"next".to_vec(), NEVER).await;
        matches!(swap, Ok(Swap::Won)).then_some(())
    })
    .await;
}

/// Three times; `FAILOVERS=20` is what a release has to stand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_update_is_lost_and_swaps_go_on_soon_when_a_replica_becomes_the_primary() {
    #[expect(clippy::disallowed_methods, reason = "the core takes options; a test may take one from here")]
    let rounds = std::env::var("FAILOVERS").map_or(3, |rounds| rounds.parse().unwrap());
    let (mut primary, mut replica) = pair().await;
    let name = Name::of(primary.port).await;
    let store = Arc::new(name.store());
    let [won, unknown] = [(); 2].map(|()| Arc::new(AtomicU64::new(0)));
    let over = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let (store, over) = (Arc::clone(&store), Arc::clone(&over));
            let (won, unknown) = (Arc::clone(&won), Arc::clone(&unknown));
            tokio::spawn(async move {
                while !over.load(Ordering::SeqCst) {
                    let Ok(stored) = store.load("counter").await else { continue };
                    let (version, count) = contract::counter(stored);
                    match store.swap("counter", version, (count + 1).to_be_bytes().to_vec(), NEVER).await {
                        Ok(Swap::Won) => drop(won.fetch_add(1, Ordering::SeqCst)),
                        Ok(Swap::Lost) => {}
                        Err(_) => drop(unknown.fetch_add(1, Ordering::SeqCst)),
                    }
                }
            })
        })
        .collect();
    for round in 0..rounds {
        // Writes wait until the replica has them all; then the two change places.
        ask(&primary, &["FAILOVER", "TO", "127.0.0.1", &replica.port.to_string()]).await;
        until(&replica, "role:master").await;
        linked(&primary, &replica).await;
        name.lead_to(&replica);
        let before = won.load(Ordering::SeqCst);
        let goes_on = async {
            while won.load(Ordering::SeqCst) < before + 20 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        assert!(tokio::time::timeout(SOON, goes_on).await.is_ok(), "round {round}: swaps do not go on");
        std::mem::swap(&mut primary, &mut replica);
    }
    over.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    let (count, won, unknown) =
        (contract::count(&*store).await, won.load(Ordering::SeqCst), unknown.load(Ordering::SeqCst));
    assert!((won..=won + unknown).contains(&count), "{count} after {won} won and {unknown} unknown");
}

#[tokio::test]
async fn a_swap_finds_the_new_primary_though_the_old_one_still_answers() {
    let (old, new) = pair().await;
    let name = Name::of(old.port).await;
    let store = name.store();
    swap_until_won(&store).await;
    until_replicated(&new).await;
    ask(&new, &["REPLICAOF", "NO", "ONE"]).await;
    follow(&old, &new).await;
    name.lead_to(&new);
    let version = store.load("renewed").await.unwrap().unwrap().version;
    // The very first swap: nothing of it was written on the replica, so that it could be tried elsewhere.
    assert_eq!(store.swap("renewed", version, b"next".to_vec(), NEVER).await.unwrap(), Swap::Won);
}

#[tokio::test]
async fn swaps_go_on_soon_when_the_old_primary_is_silent() {
    let (old, new) = pair().await;
    let name = Name::of(old.port).await;
    let store = name.store();
    swap_until_won(&store).await;
    until_replicated(&new).await;
    ask(&new, &["REPLICAOF", "NO", "ONE"]).await;
    name.lead_to(&new);
    // Its connections stay open, and nothing comes of them.
    old.signal("-STOP");
    let result = tokio::time::timeout(SOON, swap_until_won(&store)).await;
    old.signal("-CONT");
    assert!(result.is_ok(), "swaps do not go on");
}

#[tokio::test]
async fn a_replica_is_named_where_there_is_no_primary() {
    let (_primary, replica) = pair().await;
    let store = Name::of(replica.port).await.store();
    let error = store.load("g").await.unwrap_err().to_string();
    assert!(error.contains("is a replica, which can only read; `url` has to lead to the primary"), "{error}");
    let error = store.swap("g", 0, b"bytes".to_vec(), NEVER).await.unwrap_err().to_string();
    assert!(error.contains("is a replica"), "{error}");
}

#[tokio::test]
async fn writes_that_too_few_replicas_would_get_are_tried_until_there_are_enough() {
    let server = Server::redis_that_replicates();
    let name = Name::of(server.port).await;
    let store = Arc::new(name.store());
    served(&*store).await;
    ask(&server, &["CONFIG", "SET", "min-replicas-to-write", "1"]).await;
    let error = store.swap("g", 0, b"bytes".to_vec(), NEVER).await.unwrap_err().to_string();
    assert!(error.contains("too few replicas"), "{error}");
    ask(&server, &["CONFIG", "SET", "min-replicas-to-write", "0"]).await;
    assert_eq!(store.swap("g", 0, b"bytes".to_vec(), NEVER).await.unwrap(), Swap::Won);
}

#[tokio::test]
async fn permits_come_from_the_new_primary_though_the_old_one_still_answers() {
    let (old, new) = pair().await;
    let name = Name::of(old.port).await;
    let limits = RedisLimits::new(
        RedisLimitsOptions { url: name.url(), ca: None, variables: Variables::default() },
        |_| {},
    )
    .unwrap();
    limits.ask(permits()).await.unwrap();
    ask(&new, &["REPLICAOF", "NO", "ONE"]).await;
    follow(&old, &new).await;
    name.lead_to(&new);
    assert_eq!(limits.ask(permits()).await.unwrap().members, 1);
}

#[tokio::test]
async fn limits_that_cannot_be_reached_are_named_as_such() {
    // Port 9 of loopback (discard): nothing listens there.
    let url = Secret::new("redis://:canary@127.0.0.1:9");
    let limits =
        RedisLimits::new(RedisLimitsOptions { url, ca: None, variables: Variables::default() }, |_| {})
            .unwrap();
    let error = limits.ask(permits()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the shared limits cannot be reached: Redis at 127.0.0.1:9 refuses connections; check that the server runs, \
         and host and port in `url`"
    );
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("refused"), "{cause}");
    assert!(!format!("{error:?} {limits:?}").contains("canary"));
}

pub(super) fn permits() -> PermitRequest {
    PermitRequest {
        credential: CredentialId::new(&[b"somebody"]),
        endpoint: "GET /jobs".to_owned(),
        per_second: 10,
        concurrent: 8,
        concurrent_over_all: None,
        wanted: 1,
        first: 1,
        is_returning: false,
        reports: Vec::new(),
    }
}

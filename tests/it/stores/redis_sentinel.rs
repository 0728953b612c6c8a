//! Three Sentinels watch a primary and its replica. The primary dies, freezes, or is replaced on purpose.

use std::sync::Arc;
use std::time::Duration;

use smartrecruiters::environment::Variables;
use smartrecruiters::limit::{RedisLimits, RedisLimitsOptions, SharedWindow};
use smartrecruiters::secret::Secret;
use smartrecruiters::store::{RedisOptions, RedisStore, Store, Swap};
use tokio::time::timeout;

use super::failover::{Renewals, rounds};
use super::redis_failover::{follow, permits, try_ask};
use super::redis_rights::rights;
use super::servers::{Kind, Server};
use super::{absence_is_told, awaited, contract, served};

/// When a failover on purpose that was not made is requested again.
const ATTEMPT: Duration = Duration::from_secs(15);

struct Sentinels {
    sentinels: Vec<Server>,
    /// The primary and its replica, in any order.
    servers: [Server; 2],
}

impl Sentinels {
    async fn start(kind: Kind) -> Self {
        let servers = [Server::that_replicates(kind), Server::that_replicates(kind)];
        for server in &servers {
            served(&store(&format!("redis://:canary@127.0.0.1:{}", server.port))).await;
        }
        let [primary, replica] = &servers;
        follow(replica, primary).await;
        let sentinels = (0..3).map(|_| Server::sentinel(kind, primary)).collect();
        let sentinels = Self { sentinels, servers };
        for sentinel in &sentinels.sentinels {
            // Each has to know the others, and the replica, before it can replace the primary.
            awaited("a Sentinel that knows the others", async || {
                let known = sentinels.master(sentinel, ["num-other-sentinels", "num-slaves"]).await;
                (known == ["2", "1"]).then_some(())
            })
            .await;
        }
        sentinels
    }

    /// What a Sentinel says of the service. Empty while it does not answer.
    async fn master<const N: usize>(&self, sentinel: &Server, fields: [&str; N]) -> [String; N] {
        let answer = ask_sentinel(sentinel, &["MASTER", "main"]).await;
        let found: Vec<(String, String)> =
            answer.and_then(|value| redis::from_redis_value(value).ok()).unwrap_or_default();
        fields.map(|field| {
            found.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone()).unwrap_or_default()
        })
    }

    /// The port of the primary, by the first Sentinel.
    async fn primary(&self) -> u16 {
        let (_, port): (String, u16) = awaited("the primary's address", async || {
            let answer = ask_sentinel(&self.sentinels[0], &["GET-MASTER-ADDR-BY-NAME", "main"]).await;
            redis::from_redis_value(answer?).ok()
        })
        .await;
        port
    }

    /// The place of the primary in `servers`.
    async fn leader(&self) -> usize {
        let port = self.primary().await;
        self.servers.iter().position(|server| server.port == port).unwrap()
    }

    /// Waits until the Sentinels agree that another server than `old` is the primary.
    async fn replaced(&self, old: u16) {
        for sentinel in &self.sentinels {
            awaited("another primary", async || {
                let [port] = self.master(sentinel, ["port"]).await;
                (!port.is_empty() && port != old.to_string()).then_some(())
            })
            .await;
        }
    }

    /// Waits until the primary has its replica again, so that the next failover can be made.
    async fn whole(&self) {
        let primary = &self.servers[self.leader().await];
        super::redis_failover::until(primary, "state=online").await;
        for sentinel in &self.sentinels {
            awaited("a primary without a flaw", async || {
                let [flags] = self.master(sentinel, ["flags"]).await;
                (flags == "master").then_some(())
            })
            .await;
        }
    }

    fn url(&self, parameters: &str) -> String {
        let hosts: Vec<_> = self.sentinels.iter().map(|one| format!("127.0.0.1:{}", one.port)).collect();
        format!("redis-sentinel://:canary@{}/main?sentinel_password=sentry{parameters}", hosts.join(","))
    }
}

async fn ask_sentinel(sentinel: &Server, words: &[&str]) -> Option<redis::Value> {
    let client = redis::Client::open(format!("redis://:sentry@127.0.0.1:{}", sentinel.port)).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.ok()?;
    redis::cmd("SENTINEL").arg(words).query_async(&mut connection).await.ok()
}

fn options(url: &str) -> RedisOptions {
    RedisOptions { url: Secret::new(url), namespace: None, ca: None, variables: Variables::default() }
}

fn store(url: &str) -> RedisStore {
    RedisStore::new(options(url)).unwrap()
}

fn limits(url: &str) -> Arc<RedisLimits> {
    let options = RedisLimitsOptions { url: Secret::new(url), ca: None, variables: Variables::default() };
    RedisLimits::new(options, |_| {}).unwrap()
}

async fn permitted(limits: &RedisLimits) {
    awaited("permits", async || limits.ask(permits()).await.ok()).await;
}

async fn no_grant_is_lost(kind: Kind, rounds: usize) {
    let mut sentinels = Sentinels::start(kind).await;
    let url = sentinels.url("");
    let store: Arc<dyn Store> = Arc::new(store(&url));
    let limits = limits(&url);
    let renewals = Renewals::start(&store);
    renewals.go_on().await;
    for round in 0..rounds {
        let at = sentinels.leader().await;
        let old = sentinels.servers[at].port;
        match round % 3 {
            0 => {
                tokio::task::block_in_place(|| sentinels.servers[at].stop("-KILL"));
                sentinels.replaced(old).await;
                sentinels.servers[at].restart("-KILL");
            }
            1 => {
                sentinels.servers[at].signal("-STOP");
                sentinels.replaced(old).await;
                sentinels.servers[at].signal("-CONT");
            }
            _ => {
                // It is refused while another is not over, and given up if the machine is too busy.
                awaited("a failover on purpose", async || {
                    ask_sentinel(&sentinels.sentinels[0], &["FAILOVER", "main"]).await;
                    timeout(ATTEMPT, sentinels.replaced(old)).await.ok()
                })
                .await;
            }
        }
        renewals.go_on().await;
        permitted(&limits).await;
        sentinels.whole().await;
    }
    let figures = renewals.finish(&format!("{kind:?} with Sentinels, {rounds} failovers")).await;
    assert_eq!(figures.lost, 0, "{figures}");
}

/// Three times; `FAILOVERS=20` is what a release has to stand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_grant_is_lost_when_sentinels_replace_the_primary() {
    no_grant_is_lost(Kind::Redis, rounds(3)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_grant_is_lost_when_sentinels_replace_a_primary_of_valkey() {
    no_grant_is_lost(Kind::Valkey, rounds(1)).await;
}

#[tokio::test]
async fn a_store_by_sentinels_keeps_the_contract_and_says_what_is_wrong_with_them() {
    let mut sentinels = Sentinels::start(Kind::Redis).await;
    let url = sentinels.url("");
    contract::check(|| Arc::new(store(&url))).await;
    let warnings = store(&sentinels.url("&replicas=0")).warnings().await.unwrap();
    assert!(warnings.len() == 1 && warnings[0].contains("replicas=0"), "{warnings:?}");
    assert_eq!(store(&url).warnings().await.unwrap(), Vec::<String>::new());

    let refused = async |url: &str, words: &str| {
        let store = store(url);
        absence_is_told(&store).await;
        let error = store.load("g").await.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    let unknown = url.replace("/main?", "/other?");
    refused(&unknown, "watches no service with the name in `url`").await;
    refused(&url.replace("sentry", "canary2"), "refuses the user or the password").await;
    refused(&url.replace("?sentinel_password=sentry", ""), "asks for a password").await;
    // The Sentinels have users of their own.
    let rights = rights("+sentinel|master");
    for sentinel in &sentinels.sentinels {
        let client = redis::Client::open(format!("redis://:sentry@127.0.0.1:{}", sentinel.port)).unwrap();
        let mut admin = client.get_multiplexed_async_connection().await.unwrap();
        let command = redis::cmd("ACL").arg("SETUSER").arg("watcher").arg(&rights).to_owned();
        let () = command.query_async(&mut admin).await.unwrap();
    }
    served(&store(&url.replace("=sentry", "=canary&sentinel_username=watcher"))).await;
    // A write that no replica confirms is not reported as made.
    let error = store(&sentinels.url("&replicas=2")).swap("h", 0, b"bytes".to_vec(), 1).await.unwrap_err();
    assert!(error.to_string().contains("1 instead of 2 replicas confirmed it"), "{error}");
    // One Sentinel is enough to find the primary.
    for sentinel in &mut sentinels.sentinels[..2] {
        sentinel.stop("-KILL");
    }
    served(&store(&url)).await;
    permitted(&limits(&url)).await;
    sentinels.sentinels[2].stop("-KILL");
    refused(&url, "no Sentinel says where the primary is").await;
}

/// A Sentinel that is cut off knows an old primary, which may be there still.
#[tokio::test]
async fn the_newest_configuration_counts_when_sentinels_disagree() {
    let [old, new] = [Server::redis(), Server::redis()];
    for server in [&old, &new] {
        served(&store(&format!("redis://:canary@127.0.0.1:{}", server.port))).await;
    }
    let [first, second] = [Server::sentinel_after(1, &old), Server::sentinel_after(2, &new)];
    for (number, sentinels) in [[&first, &second], [&second, &first]].iter().enumerate() {
        let ports = sentinels.map(|sentinel| format!("127.0.0.1:{}", sentinel.port)).join(",");
        for sentinel in sentinels {
            awaited("a Sentinel", async || ask_sentinel(sentinel, &["MASTER", "main"]).await).await;
        }
        let store =
            store(&format!("redis-sentinel://:canary@{ports}/main?sentinel_password=sentry&replicas=0"));
        assert_eq!(store.swap(&format!("g{number}"), 0, b"bytes".to_vec(), 1).await.unwrap(), Swap::Won);
    }
    let records = ["KEYS", "*records*"];
    assert_eq!(try_ask::<Vec<String>>(&old, &records).await.unwrap().len(), 0);
    assert_eq!(try_ask::<Vec<String>>(&new, &records).await.unwrap().len(), 2);
}

#[tokio::test]
async fn sentinels_and_clusters_are_reached_over_tls() {
    let (primary, ca) = Server::redis_over_tls();
    let sentinel = Server::sentinel_over_tls(&primary);
    let by_sentinel =
        format!("rediss-sentinel://:canary@127.0.0.1:{}/main?sentinel_password=sentry", sentinel.port);
    let trusting = |url: &str, ca: &str| {
        RedisStore::new(RedisOptions { ca: Some(ca.to_owned()), ..options(url) }).unwrap()
    };
    served(&trusting(&by_sentinel, &ca)).await;
    assert!(store(&by_sentinel).load("g").await.unwrap_err().to_string().contains("self-signed"));

    let (node, ca) = Server::redis_of_a_cluster_over_tls();
    let alone = trusting(&format!("rediss://:canary@127.0.0.1:{}", node.port), &ca);
    awaited("a node that serves", async || {
        let error = alone.load("g").await.unwrap_err().to_string();
        error.contains("is a node of a cluster").then_some(())
    })
    .await;
    let by_cluster = format!("rediss-cluster://:canary@127.0.0.1:{}", node.port);
    let error = trusting(&by_cluster, &ca).load("g").await.unwrap_err().to_string();
    assert!(error.contains("no node of the cluster has these keys"), "{error}");
    node.take_all_slots();
    served(&trusting(&by_cluster, &ca)).await;
}

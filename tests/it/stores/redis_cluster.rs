//! A cluster of three masters, each with a replica. A master dies, freezes, or changes places with its replica; and a slot
//! moves to another master while its keys are in use.

use std::sync::Arc;
use std::time::Duration;

use smartrecruiters::environment::Variables;
use smartrecruiters::limit::{RedisLimits, RedisLimitsOptions, SharedWindow};
use smartrecruiters::secret::Secret;
use smartrecruiters::store::{NEVER, RedisOptions, RedisStore, Store, Swap};
use tokio::time::timeout;

use super::failover::{Renewals, rounds};
use super::redis_failover::{ask, permits, try_ask, until};
use super::redis_rights::rights;
use super::servers::{Kind, Server};
use super::{awaited, contract};

const SLOTS: usize = 16384;
/// The slot of `smartrecruiters:{default}:…`, by `CLUSTER KEYSLOT`.
const SLOT: &str = "5718";

/// When a failover on purpose that was not made is requested again.
const ATTEMPT: Duration = Duration::from_secs(10);

struct Cluster {
    nodes: Vec<Server>,
}

impl Cluster {
    async fn start(kind: Kind) -> Self {
        Self::of(kind, 6).await
    }

    /// Three masters, and the other nodes are their replicas.
    async fn of(kind: Kind, nodes: usize) -> Self {
        let cluster = Self { nodes: (0..nodes).map(|_| Server::of_a_cluster(kind)).collect() };
        let [first, ..] = &cluster.nodes[..] else { panic!("no nodes") };
        for (number, node) in cluster.nodes.iter().enumerate() {
            awaited("a node that serves", async || try_ask::<String>(node, &["PING"]).await).await;
            ask(node, &["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()]).await;
            if number > 0 {
                let bus = node.cluster_port.to_string();
                ask(first, &["CLUSTER", "MEET", "127.0.0.1", &node.port.to_string(), &bus]).await;
            }
        }
        for node in &cluster.nodes {
            until_cluster(node, &format!("cluster_known_nodes:{nodes}")).await;
        }
        for (number, master) in cluster.nodes[..3].iter().enumerate() {
            let (from, to) = (SLOTS * number / 3, SLOTS * (number + 1) / 3 - 1);
            ask(master, &["CLUSTER", "ADDSLOTSRANGE", &from.to_string(), &to.to_string()]).await;
            if let Some(replica) = cluster.nodes.get(number + 3) {
                ask(replica, &["CLUSTER", "REPLICATE", &id(master).await]).await;
            }
        }
        for node in &cluster.nodes {
            until_cluster(node, "cluster_state:ok").await;
        }
        for master in &cluster.nodes[..nodes - 3] {
            until(master, "state=online").await;
        }
        cluster
    }

    fn url(&self, nodes: &[usize], parameters: &str) -> String {
        let hosts: Vec<_> = nodes.iter().map(|at| format!("127.0.0.1:{}", self.nodes[*at].port)).collect();
        format!("redis-cluster://:canary@{}{parameters}", hosts.join(","))
    }

    /// The places of the masters in `nodes`, those first that have the slot of the store, and of the replicas of that one.
    async fn roles(&self) -> (Vec<usize>, Vec<usize>) {
        awaited("a master with the slot", async || {
            let mut masters = Vec::new();
            let mut replicas = Vec::new();
            for (at, node) in self.nodes.iter().enumerate() {
                let Some(shown) = try_ask::<String>(node, &["CLUSTER", "NODES"]).await else { continue };
                let own = shown.lines().find(|line| line.contains("myself")).unwrap_or_default().to_owned();
                let fields: Vec<_> = own.split(' ').map(str::to_owned).collect();
                if own.contains("myself,master") {
                    let has_slot = fields.iter().skip(8).any(|range| holds(range));
                    masters
                        .insert(if has_slot { 0 } else { masters.len() }, (at, fields[0].clone(), has_slot));
                } else if own.contains("myself,slave") {
                    replicas.push((at, fields[3].clone()));
                }
            }
            let Some((_, owner, true)) = masters.first() else { return None };
            let own = replicas.into_iter().filter(|(_, of)| of == owner).map(|(at, _)| at).collect();
            Some((masters.iter().map(|(at, ..)| *at).collect(), own))
        })
        .await
    }

    /// Waits until the slot has an owner other than `old`, in its own view.
    async fn replaced(&self, old: usize) {
        awaited("another owner of the slot", async || {
            for (_, node) in self.nodes.iter().enumerate().filter(|(at, _)| *at != old) {
                let shown = try_ask::<String>(node, &["CLUSTER", "NODES"]).await.unwrap_or_default();
                let own = shown.lines().find(|line| line.contains("myself,master")).unwrap_or_default();
                if own.split(' ').skip(8).any(holds) {
                    return Some(());
                }
            }
            None
        })
        .await;
    }

    /// Waits until every master has its replica, and all nodes find the cluster whole.
    async fn whole(&self) {
        for node in &self.nodes {
            until_cluster(node, "cluster_state:ok").await;
        }
        awaited("a replica of each master", async || {
            let mut pairs = 0;
            for node in &self.nodes {
                let shown = try_ask::<String>(node, &["INFO", "replication"]).await.unwrap_or_default();
                pairs += usize::from(shown.contains("role:master") && shown.contains("state=online"));
            }
            let views = try_ask::<String>(&self.nodes[0], &["CLUSTER", "NODES"]).await.unwrap_or_default();
            (pairs == 3 && !views.contains("fail")).then_some(())
        })
        .await;
    }

    /// Moves the slot of the store to another master, key by key.
    async fn reshard(&self) {
        let (masters, _) = self.roles().await;
        let [from, to] = [&self.nodes[masters[0]], &self.nodes[masters[1]]];
        let [from_id, to_id] = [id(from).await, id(to).await];
        ask(to, &["CLUSTER", "SETSLOT", SLOT, "IMPORTING", &from_id]).await;
        ask(from, &["CLUSTER", "SETSLOT", SLOT, "MIGRATING", &to_id]).await;
        let (port, count) = (to.port.to_string(), "1");
        loop {
            let keys = try_ask::<Vec<String>>(from, &["CLUSTER", "GETKEYSINSLOT", SLOT, count]).await;
            let Some(key) = keys.unwrap().into_iter().next() else { break };
            ask(from, &["MIGRATE", "127.0.0.1", &port, &key, "0", "5000", "AUTH", "canary"]).await;
            // Renewals meet a slot that is in two places.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for node in [to, from] {
            ask(node, &["CLUSTER", "SETSLOT", SLOT, "NODE", &to_id]).await;
        }
    }
}

/// Whether a range of slots in `CLUSTER NODES` has the slot of the store.
fn holds(range: &str) -> bool {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let [slot, first, last] = [SLOT, first, last].map(|slot| slot.parse::<u16>().ok());
    slot.zip(first).zip(last).is_some_and(|((slot, first), last)| (first..=last).contains(&slot))
}

async fn id(node: &Server) -> String {
    ask(node, &["CLUSTER", "MYID"]).await
}

/// Waits until the node says so in `CLUSTER INFO`.
async fn until_cluster(node: &Server, line: &str) {
    awaited(line, async || try_ask::<String>(node, &["CLUSTER", "INFO"]).await?.contains(line).then_some(()))
        .await;
}

fn store(url: &str, namespace: Option<&str>) -> RedisStore {
    RedisStore::new(RedisOptions {
        url: Secret::new(url),
        namespace: namespace.map(str::to_owned),
        ca: None,
        variables: Variables::default(),
    })
    .unwrap()
}

fn limits(url: &str) -> Arc<RedisLimits> {
    let options = RedisLimitsOptions { url: Secret::new(url), ca: None, variables: Variables::default() };
    RedisLimits::new(options, |_| {}).unwrap()
}

async fn permitted(limits: &RedisLimits) {
    awaited("permits", async || limits.ask(permits()).await.ok()).await;
}

async fn no_grant_is_lost_in_failovers(kind: Kind, rounds: usize) {
    let mut cluster = Cluster::start(kind).await;
    // One node leads to the others, also when it is the one that died.
    let url = cluster.url(&[0], "");
    let store: Arc<dyn Store> = Arc::new(store(&url, None));
    let limits = limits(&url);
    let renewals = Renewals::start(&store);
    renewals.go_on().await;
    for round in 0..rounds {
        let (masters, replicas) = cluster.roles().await;
        let owner = masters[0];
        match round % 3 {
            0 => {
                tokio::task::block_in_place(|| cluster.nodes[owner].stop("-KILL"));
                cluster.replaced(owner).await;
                cluster.nodes[owner].restart("-KILL");
            }
            1 => {
                cluster.nodes[owner].signal("-STOP");
                cluster.replaced(owner).await;
                cluster.nodes[owner].signal("-CONT");
            }
            _ => {
                // The nodes give up after five seconds if the machine is too busy.
                awaited("a failover on purpose", async || {
                    try_ask::<String>(&cluster.nodes[replicas[0]], &["CLUSTER", "FAILOVER"]).await;
                    timeout(ATTEMPT, cluster.replaced(owner)).await.ok()
                })
                .await;
            }
        }
        renewals.go_on().await;
        permitted(&limits).await;
        cluster.whole().await;
    }
    let figures = renewals.finish(&format!("{kind:?} cluster, {rounds} failovers")).await;
    assert_eq!(figures.lost, 0, "{figures}");
}

/// Three times; `FAILOVERS=20` is what a release has to stand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_grant_is_lost_when_a_cluster_replaces_a_master() {
    no_grant_is_lost_in_failovers(Kind::Redis, rounds(3)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_grant_is_lost_when_a_cluster_of_valkey_replaces_a_master() {
    no_grant_is_lost_in_failovers(Kind::Valkey, rounds(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_grant_is_lost_while_a_slot_moves_to_another_master() {
    let rounds = rounds(3);
    let cluster = Cluster::start(Kind::Redis).await;
    let url = cluster.url(&[0, 1, 2], "");
    let store: Arc<dyn Store> = Arc::new(store(&url, None));
    let renewals = Renewals::start(&store);
    renewals.go_on().await;
    for _ in 0..rounds {
        cluster.reshard().await;
        renewals.go_on().await;
    }
    let figures = renewals.finish(&format!("Redis cluster, a slot moved {rounds} times")).await;
    assert_eq!(figures.lost, 0, "{figures}");
}

#[tokio::test]
async fn a_store_and_limits_work_in_a_cluster_of_three_masters() {
    let cluster = Cluster::start(Kind::Redis).await;
    let url = cluster.url(&[1], "");
    contract::check(|| Arc::new(store(&url, None))).await;
    // Their slots are at all three masters.
    for namespace in ["a", "b", "c"] {
        let won = store(&url, Some(namespace)).swap("g", 0, b"bytes".to_vec(), NEVER).await;
        assert_eq!(won.unwrap(), Swap::Won);
    }
    assert_eq!(limits(&url).ask(permits()).await.unwrap().members, 1);
    for master in &cluster.nodes[..3] {
        assert_ne!(ask(master, &["DBSIZE"]).await, "0");
    }
    assert_eq!(store(&url, None).warnings().await.unwrap(), Vec::<String>::new());
    let warnings = store(&cluster.url(&[1], "?replicas=0"), None).warnings().await.unwrap();
    assert!(warnings.len() == 1 && warnings[0].contains("replicas=0"), "{warnings:?}");

    // A URL that names one node as if it were alone is refused with what to write instead.
    let alone = store(&format!("redis://:canary@127.0.0.1:{}", cluster.nodes[0].port), None);
    let error = alone.load("g").await.unwrap_err().to_string();
    assert!(error.contains("`url` has to begin with redis-cluster://"), "{error}");
}

/// A write counts when a replica has it, where there is one.
#[tokio::test]
async fn writes_need_no_replica_in_a_cluster_without_any() {
    let cluster = Cluster::of(Kind::Redis, 3).await;
    let open = |parameters: &str| store(&cluster.url(&[0], parameters), None);
    assert_eq!(open("").swap("g", 0, b"bytes".to_vec(), NEVER).await.unwrap(), Swap::Won);
    cluster.reshard().await;
    assert_eq!(open("").swap("g", 1, b"bytes".to_vec(), NEVER).await.unwrap(), Swap::Won);
    let error = open("?replicas=1").swap("g", 2, b"bytes".to_vec(), NEVER).await.unwrap_err().to_string();
    assert!(error.contains("0 instead of 1 replicas confirmed it"), "{error}");
}

/// A record in a slot that is in two places is found where it is, by a user who has the documented rights and no other.
#[tokio::test]
async fn records_are_found_while_their_slot_moves() {
    let cluster = Cluster::start(Kind::Redis).await;
    let rights = [rights("+evalsha"), rights("+asking")].concat();
    let user: Vec<_> = ["ACL", "SETUSER", "smartrecruiters"]
        .into_iter()
        .chain(rights.iter().map(|right| &**right))
        .collect();
    for node in &cluster.nodes {
        ask(node, &user).await;
    }
    let url = cluster.url(&[0, 1, 2], "").replace("//:", "//smartrecruiters:");
    let store = store(&url, None);
    for id in ["stays", "moves"] {
        assert_eq!(store.swap(id, 0, id.into(), NEVER).await.unwrap(), Swap::Won);
    }
    let (masters, _) = cluster.roles().await;
    let [from, to] = [&cluster.nodes[masters[0]], &cluster.nodes[masters[1]]];
    let [from_id, to_id] = [id(from).await, id(to).await];
    ask(to, &["CLUSTER", "SETSLOT", SLOT, "IMPORTING", &from_id]).await;
    ask(from, &["CLUSTER", "SETSLOT", SLOT, "MIGRATING", &to_id]).await;
    let migrate = async |key: &str| {
        let key = format!("smartrecruiters:{{default}}:{key}");
        ask(from, &["MIGRATE", "127.0.0.1", &to.port.to_string(), &key, "0", "5000", "AUTH", "canary"]).await;
    };
    migrate("records:moves").await;
    for id in ["stays", "moves"] {
        assert_eq!(store.load(id).await.unwrap().unwrap().bytes, id.as_bytes());
    }
    // The record and the index are apart, so that nothing can be changed for now.
    let error = store.swap("moves", 1, b"next".to_vec(), NEVER).await.unwrap_err().to_string();
    assert!(error.contains("is moving these keys to another node"), "{error}");
    migrate("due").await;
    assert_eq!(store.swap("moves", 1, b"next".to_vec(), NEVER).await.unwrap(), Swap::Won);
    assert_eq!(store.load("moves").await.unwrap().unwrap().bytes, b"next");
    migrate("records:stays").await;
    migrate("schema").await;
    for node in [to, from] {
        ask(node, &["CLUSTER", "SETSLOT", SLOT, "NODE", &to_id]).await;
    }
    assert_eq!(store.swap("stays", 1, b"next".to_vec(), NEVER).await.unwrap(), Swap::Won);
    for node in [to, from] {
        assert_eq!(
            try_ask::<Vec<redis::Value>>(node, &["ACL", "LOG"]).await.unwrap(),
            [],
            "a right is missing"
        );
    }
}

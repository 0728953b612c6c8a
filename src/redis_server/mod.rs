//! [`RedisServer`]: connections to a Redis or Valkey server, to the primary that Sentinels know, or to a cluster, for the
//! store and for shared limits.
//!
//! The Redis client knows Sentinels and clusters too, but its connections are not the ones that are opened here, with this
//! crate's TLS and detection of lost servers. And its cluster connection repeats a command when a connection is lost. A
//! compare-and-swap must not be repeated like that: the second run would report that the first one lost.

mod cluster;
mod connection;
mod failure;
mod script;
mod sentinels;
mod url;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{Cmd, FromRedisValue, ToRedisArgs};
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use self::cluster::{Cluster, slot};
use self::connection::{Dialer, Link};
use self::failure::{Kind, Redirect};
use self::sentinels::Sentinels;
use self::url::{Address, Place, ServerUrl};
use crate::environment::Variables;
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::tls;

pub(crate) use connection::Schema;
pub(crate) use failure::Failure;
pub(crate) use script::RedisScript;

/// The pauses between attempts at a command that the server refused because of its current state, such as being a
/// replica. During a failover, its host name, the Sentinels or the cluster may soon lead to the new primary.
const PAUSES: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
];
/// The longest time limit for a Sentinel. The others are asked at the same time, and one that is silent is not waited for
/// any longer.
const SENTINEL_TIMEOUT: Duration = Duration::from_secs(1);
/// How many nodes of a cluster one attempt at a command may lead to.
const NODES: usize = 5;

/// A server, with one connection for all calls, which is made on first use; or a cluster, with one such connection to each
/// node that is used.
///
/// After any failure the connection is closed, and the next call makes another one, since a server that answers with an
/// error may have become a replica, and its host name may lead elsewhere by now. Concurrent calls share one attempt to
/// connect, and its failure.
pub(crate) struct RedisServer {
    dialer: Arc<Dialer>,
    route: Route,
    /// How many replicas must have a write before it counts. `None`: one, if the cluster has replicas.
    replicas: Option<usize>,
}

/// How a connection to the server that has a key is found.
enum Route {
    /// All keys are on one server.
    Primary { primary: Arc<Primary>, link: Mutex<Option<Link>> },
    /// The keys are spread over the nodes of a cluster. Its version of the records is checked by commands like any other,
    /// and not with each connection.
    Cluster { cluster: Cluster, schema: Option<Schema> },
}

/// The one server that has all keys.
enum Primary {
    At(Address),
    KnownBy(Sentinels),
}

impl RedisServer {
    /// Checks the options, and opens no connection yet. [`tls::client_config`] reads `ca`. `timeout` limits both
    /// connecting and each answer.
    pub(crate) fn new(
        url: &Secret,
        ca: Option<&str>,
        variables: &Variables,
        timeout: Duration,
        schema: Option<Schema>,
    ) -> Result<Self> {
        let ServerUrl { place, tls, login, replicas } = ServerUrl::parse(url)?;
        if ca.is_some() && !tls {
            let problem = "is for TLS, and so for a `url` that begins with rediss://";
            return Err(Error::configuration("ca", problem));
        }
        let tls = tls.then(|| tls::client_config(ca, None, variables)).transpose()?;
        let tls = tls.map(|config| TlsConnector::from(Arc::new(config)));
        if tls.is_some() {
            place.addresses().iter().try_for_each(can_be_certified)?;
        }
        let replicas = match place {
            Place::Server(_) => Some(replicas.unwrap_or(0)),
            // Sentinels make sense with a replica only.
            Place::Sentinels { .. } => Some(replicas.unwrap_or(1)),
            Place::Cluster(_) => replicas,
        };
        let primary = |primary| Route::Primary { primary: Arc::new(primary), link: Mutex::new(None) };
        let (route, schema) = match place {
            Place::Server(address) => (primary(Primary::At(address)), schema),
            Place::Sentinels { sentinels: addresses, service, login } => {
                let timeout = timeout.min(SENTINEL_TIMEOUT);
                let dialer = Dialer { tls: tls.clone(), login, timeout, schema: None };
                (primary(Primary::KnownBy(Sentinels { addresses, service, dialer })), schema)
            }
            Place::Cluster(nodes) => (Route::Cluster { cluster: Cluster::new(nodes), schema }, None),
        };
        Ok(Self { dialer: Arc::new(Dialer { tls, login, timeout, schema }), route, replicas })
    }

    /// Whether a failover may lose writes that were confirmed, by what `url` says.
    pub(crate) fn may_lose_writes(&self) -> bool {
        let fails_over = match &self.route {
            Route::Primary { primary, .. } => matches!(**primary, Primary::KnownBy(_)),
            Route::Cluster { .. } => true,
        };
        fails_over && self.replicas == Some(0)
    }

    /// Runs a command that reads `key`, and may safely run twice.
    pub(crate) async fn read<T: FromRedisValue>(&self, key: &str, command: &Cmd) -> Result<T, Failure> {
        let mut pauses = PAUSES.iter();
        loop {
            match self.once(key, command).await {
                // A lost connection may only be noticed when it is used.
                Err(failure) if failure.is_for_now() || failure.kind == Kind::Lost => match pauses.next() {
                    Some(pause) => tokio::time::sleep(*pause).await,
                    None => return Err(failure),
                },
                result => return result.map(|(answer, _)| answer),
            }
        }
    }

    /// Runs a script on keys of one slot. If this fails, the script may have run, or may still run later.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        script: &RedisScript,
        keys: &[String],
        arguments: &impl ToRedisArgs,
    ) -> Result<T, Failure> {
        self.run_script(script, keys, arguments).await.map(|(answer, _)| answer)
    }

    /// The same, and waits until replicas have what the script wrote: as many as `url` says, or one.
    pub(crate) async fn run_durably<T: FromRedisValue>(
        &self,
        script: &RedisScript,
        keys: &[String],
        arguments: &impl ToRedisArgs,
    ) -> Result<T, Failure> {
        let (answer, link) = self.run_script(script, keys, arguments).await?;
        let connection = link.connected().await?;
        let replicas = match (&self.route, self.replicas) {
            (_, Some(replicas)) => replicas,
            (Route::Primary { .. }, None) => 0,
            (Route::Cluster { cluster, .. }, None) => {
                if !cluster.has_replicas() {
                    // One may have been added.
                    cluster.look_up(slot(first(keys)), &connection.address, &connection).await?;
                }
                usize::from(cluster.has_replicas())
            }
        };
        if replicas > 0 {
            let confirmed = connection.wait_for_replicas(replicas, self.dialer.timeout / 2).await;
            confirmed.inspect_err(|_| link.close())?;
        }
        Ok(answer)
    }

    async fn run_script<T: FromRedisValue>(
        &self,
        script: &RedisScript,
        keys: &[String],
        arguments: &impl ToRedisArgs,
    ) -> Result<(T, Link), Failure> {
        let mut pauses = PAUSES.iter();
        loop {
            match self.run_script_once(script, keys, arguments).await {
                Err(failure) if failure.is_for_now() => match pauses.next() {
                    Some(pause) => tokio::time::sleep(*pause).await,
                    None => return Err(failure),
                },
                result => return result,
            }
        }
    }

    async fn run_script_once<T: FromRedisValue>(
        &self,
        script: &RedisScript,
        keys: &[String],
        arguments: &impl ToRedisArgs,
    ) -> Result<(T, Link), Failure> {
        let key = first(keys);
        match self.once(key, &script.by_hash(keys, arguments)).await {
            Err(failure) if failure.kind == Kind::NoScript => {
                self.once(key, &script.by_text(keys, arguments)).await
            }
            result => result,
        }
    }

    /// Runs a command on the server that has `key`. Returns the connection that it ran on as well.
    async fn once<T: FromRedisValue>(&self, key: &str, command: &Cmd) -> Result<(T, Link), Failure> {
        match &self.route {
            Route::Primary { primary, link } => {
                let link = self.link(primary, link);
                let connection = link.connected().await?;
                let answer = connection.ask(command).await;
                Ok((answer.inspect_err(|failure| link.close_after(failure))?, link))
            }
            Route::Cluster { cluster, schema } => {
                let slot = slot(key);
                if let Some(schema) = schema.as_ref().filter(|_| !cluster.is_checked()) {
                    let _: (Option<String>, _) = self.in_cluster(cluster, slot, &schema.writing()).await?;
                    let (found, _) = self.in_cluster(cluster, slot, &schema.reading()).await?;
                    schema.check(found, "the cluster")?;
                    cluster.set_checked();
                }
                self.in_cluster(cluster, slot, command).await
            }
        }
    }

    /// Runs a command on the node that has the slot, and follows the cluster to it.
    async fn in_cluster<T: FromRedisValue>(
        &self,
        cluster: &Cluster,
        slot: u16,
        command: &Cmd,
    ) -> Result<(T, Link), Failure> {
        let mut unreachable = None;
        let mut last = None;
        for _ in 0..NODES {
            let owner = match cluster.owner(slot) {
                Some(owner) => owner,
                None => self.look_up(cluster, slot).await?,
            };
            let link = self.node(cluster, &owner);
            let connection = match link.connected().await {
                Ok(connection) => connection,
                Err(failure) => {
                    // Nothing was sent, and another node may have taken over already.
                    cluster.forget_owner(slot, &owner);
                    if unreachable.as_ref() == Some(&owner) {
                        return Err(failure);
                    }
                    (unreachable, last) = (Some(owner), Some(failure));
                    continue;
                }
            };
            let failure = match connection.ask(command).await {
                Ok(answer) => return Ok((answer, link)),
                Err(failure) => failure,
            };
            match &failure.redirect {
                Some(Redirect::Moved) => {
                    cluster.look_up(slot, &owner, &connection).await?;
                }
                Some(Redirect::Ask(node)) => {
                    let link = self.node(cluster, node);
                    let answer = link.connected().await?.ask_importing(command).await;
                    return Ok((answer.inspect_err(|failure| link.close_after(failure))?, link));
                }
                None => {
                    link.close_after(&failure);
                    if link.is_closed() {
                        cluster.forget_owner(slot, &owner);
                    }
                    return Err(failure);
                }
            }
            last = Some(failure);
        }
        Err(last.unwrap_or_else(|| Failure::other("`url` names no node")))
    }

    /// Asks one node after the other which node has the slot, until one knows.
    async fn look_up(&self, cluster: &Cluster, slot: u16) -> Result<Address, Failure> {
        let mut last = None;
        for node in cluster.nodes() {
            let link = self.node(cluster, &node);
            let result = match link.connected().await {
                Ok(connection) => {
                    let result = cluster.look_up(slot, &node, &connection).await;
                    result.inspect_err(|failure| link.close_after(failure))
                }
                Err(failure) => Err(failure),
            };
            match result {
                Ok(owner) => return Ok(owner),
                Err(failure) => last = Some(failure),
            }
        }
        Err(last.map_or_else(|| Failure::other("`url` names no node"), Failure::of_all_nodes))
    }

    /// The current connection or connection attempt to the server or primary, or a new one.
    fn link(&self, primary: &Arc<Primary>, link: &Mutex<Option<Link>>) -> Link {
        let mut place = link.lock().unwrap_or_else(PoisonError::into_inner);
        match &*place {
            Some(link) if !link.is_closed() => link.clone(),
            _ => {
                let (dialer, primary) = (Arc::clone(&self.dialer), Arc::clone(primary));
                let connect = async move |closed| match &*primary {
                    Primary::At(address) => dialer.connect(address, closed).await,
                    Primary::KnownBy(sentinels) => dialer.connect(&sentinels.primary().await?, closed).await,
                };
                place.insert(Link::new(connect)).clone()
            }
        }
    }

    /// The current connection or connection attempt to a node of the cluster, or a new one.
    fn node(&self, cluster: &Cluster, node: &Address) -> Link {
        cluster.link(node, || {
            let (dialer, node) = (Arc::clone(&self.dialer), node.clone());
            Link::new(async move |closed| dialer.connect(&node, closed).await)
        })
    }
}

/// The key that leads to the server, since all keys of a script are at one.
fn first(keys: &[String]) -> &str {
    keys.first().map_or("", String::as_str)
}

/// Checks that a certificate can name the host.
fn can_be_certified(address: &Address) -> Result<()> {
    match address {
        Address::Tcp { host, .. } if ServerName::try_from(&**host).is_err() => {
            Err(Error::configuration("url", "has a host that no certificate can name"))
        }
        _ => Ok(()),
    }
}

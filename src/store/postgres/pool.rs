//! [`Pool`]: a few open connections, which are replaced together when one of them turns out to be unusable.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::connect::{Connection, connect};
use super::failure::Failure;
use super::target::Target;
use crate::error::Result;

/// The longest wait for a connection that is in use.
const TURN_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) type Params<'a> = [(&'a (dyn ToSql + Sync), Type)];

/// Whether a statement reads or writes, and so whether it may be sent again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Reads,
    Writes,
}

/// A connection in use. Dropping it returns the connection to the pool, even if the call was cancelled: the driver
/// discards the answer to an abandoned statement and matches the next statement with its own.
struct Lease<'a> {
    pool: &'a Pool,
    connection: Arc<Connection>,
    generation: u64,
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut idle = self.pool.idle();
        if idle.generation == self.generation {
            idle.connections.push(Arc::clone(&self.connection));
        }
    }
}

/// Connections to one [`Target`].
pub(super) struct Pool {
    target: Target,
    tls: MakeRustlsConnect,
    /// One permit for each connection that may be open.
    turns: Semaphore,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    connections: Vec<Arc<Connection>>,
    /// Counts how often all connections were replaced. A connection of an earlier generation is not returned to the
    /// pool.
    generation: u64,
}

impl Pool {
    pub(super) fn new(target: Target, tls: MakeRustlsConnect, connections: usize) -> Self {
        Self { target, tls, turns: Semaphore::new(connections), idle: Mutex::default() }
    }

    /// Runs one statement. If its connection is read-only, or is lost during a read, nothing was written, and the
    /// statement is sent once more on a new connection.
    pub(super) async fn query(
        &self,
        effect: Effect,
        sql: &str,
        params: &Params<'_>,
    ) -> Result<Vec<Row>, Failure> {
        match self.query_once(sql, params).await {
            Err(failure) if failure.is_replaced && (failure.is_read_only() || effect == Effect::Reads) => {
                self.query_once(sql, params).await
            }
            outcome => outcome,
        }
    }

    async fn query_once(&self, sql: &str, params: &Params<'_>) -> Result<Vec<Row>, Failure> {
        self.on_a_connection(async |connection| connection.client.query_typed(sql, params).await).await
    }

    /// Runs statements without parameters.
    pub(super) async fn execute(&self, sql: &str) -> Result<(), Failure> {
        self.on_a_connection(async |connection| connection.client.batch_execute(sql).await).await
    }

    async fn on_a_connection<T>(
        &self,
        work: impl AsyncFnOnce(&Connection) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, Failure> {
        let turn = timeout(TURN_TIMEOUT, self.turns.acquire()).await;
        let _turn = turn.map_err(|_| self.busy())?.map_err(|_| self.busy())?;
        let lease = self.lease().await?;
        let connection = &*lease.connection;
        match timeout(self.target.answer_timeout, work(connection)).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => {
                let mut failure = Failure::of(&connection.host, error);
                failure.is_replaced = failure.is_of_the_connection();
                if failure.is_replaced {
                    self.give_up(lease.generation);
                }
                Err(failure)
            }
            Err(_) => {
                // A late answer could otherwise arrive before that of the next statement.
                connection.abort();
                self.give_up(lease.generation);
                Err(Failure::late(&connection.host, "did not answer"))
            }
        }
    }

    /// An idle connection that seems to be open, or a new one.
    async fn lease(&self) -> Result<Lease<'_>, Failure> {
        let (kept, generation) = {
            let mut idle = self.idle();
            idle.connections.retain(|connection| !connection.client.is_closed());
            (idle.connections.pop(), idle.generation)
        };
        let connection = match kept {
            Some(connection) => connection,
            None => Arc::new(connect(&self.target, &self.tls).await?),
        };
        Ok(Lease { pool: self, connection, generation })
    }

    /// Closes all connections of this generation, since they lead to the same server.
    fn give_up(&self, generation: u64) {
        let mut idle = self.idle();
        if idle.generation == generation {
            idle.generation += 1;
            idle.connections.clear();
        }
    }

    fn busy(&self) -> Failure {
        let hosts: Vec<_> = self.target.hosts.iter().map(ToString::to_string).collect();
        Failure::late(hosts.join(","), "freed no connection")
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! [`SqliteStore`]: grants in a file, for any number of processes on one machine.

use std::borrow::Cow;
use std::fmt;
use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, TransactionBehavior, params};
use tokio::sync::Mutex;

use super::namespace::Namespace;
use super::{BEFORE_ALL, Due, Removal, Store, StoreFuture, Stored, Swap, Version, signed};
use crate::error::{Error, Result};
use crate::fingerprint::Fingerprint;

/// How long to wait for other processes' writes: many of them, and far less than the lease on an exchange.
const BUSY_TIMEOUT: Duration = Duration::from_secs(20);
/// Between attempts at what SQLite does not wait for by itself.
const BUSY_POLL: Duration = Duration::from_millis(10);
/// `PRAGMA application_id`, "SmRc": the file is ours.
const APPLICATION: i32 = 0x536d_5263;
/// `PRAGMA user_version`, the tables below. Raised when they change.
const SCHEMA: i32 = 1;
const TABLES: &str = "
    CREATE TABLE grants (
        namespace TEXT NOT NULL,
        id TEXT NOT NULL,
        version INTEGER NOT NULL,
        content BLOB NOT NULL,
        due INTEGER NOT NULL,
        PRIMARY KEY (namespace, id)
    ) STRICT;
    CREATE INDEX grants_due ON grants (namespace, due, id);
";

/// Held while a file is made.
static CREATING: SyncMutex<()> = SyncMutex::new(());

/// What went wrong, for [`Error::Store`].
type Problem = Cow<'static, str>;

/// Options of a [`SqliteStore`].
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// The file, on a local disk: SQLite's locks do not work over a network. It is created when first used, readable
    /// by its owner only (mode 0600), as are folders that are missing (0700). A file that exists keeps its mode.
    pub path: PathBuf,
    /// Keeps apart what shares a file: 1 to 64 letters, digits, `.`, `_` or `-`. Default: `default`.
    pub namespace: Option<String>,
}

/// A store in an SQLite file.
///
/// A swap is on the disk when it is answered: write-ahead log, `synchronous=FULL`.
pub struct SqliteStore {
    path: PathBuf,
    namespace: Namespace,
    /// One connection, opened when first used. SQLite writes one at a time in any case.
    connection: Arc<Mutex<Option<Connection>>>,
}

impl SqliteStore {
    /// Checks the options; opens nothing yet.
    pub fn new(options: SqliteOptions) -> Result<Self> {
        let name = options.path.to_string_lossy();
        if name.is_empty() || name.starts_with(':') {
            return Err(Error::configuration("path", "must name a file, such as ./data/grants.sqlite"));
        }
        // The process may change its folder before the store is used.
        let path = std::path::absolute(&options.path)
            .map_err(|_| Error::configuration("path", "has no absolute form"))?;
        Ok(Self { path, namespace: Namespace::new(options.namespace)?, connection: Arc::default() })
    }

    /// Runs `work` on a thread that may wait for a disk. Once there, it is done to its end, whatever becomes of
    /// the future.
    fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> StoreFuture<'_, T> {
        Box::pin(async move {
            // Waiting here, and not over there, occupies no thread.
            let mut connection = Arc::clone(&self.connection).lock_owned().await;
            let path = self.path.clone();
            let done = tokio::task::spawn_blocking(move || {
                let connection = match &mut *connection {
                    Some(connection) => connection,
                    none => none.insert(open(&path)?),
                };
                work(connection).map_err(describe)
            });
            let result = done.await.unwrap_or_else(|_| Err("its thread ended".into()));
            result.map_err(|problem| Error::Store { operation, problem })
        })
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.path)
            .field("namespace", &self.namespace.as_str())
            .finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn namespace(&self) -> &str {
        self.namespace.as_str()
    }

    fn fingerprint(&self) -> Option<Fingerprint> {
        Some(Fingerprint::of(&("sqlite", &self.path, self.namespace.as_str())))
    }

    fn load<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Stored>> {
        let key = (self.namespace.clone(), id.to_owned());
        self.run("load", move |connection| {
            let sql = "SELECT version, content FROM grants WHERE namespace = ?1 AND id = ?2";
            let row = connection.query_row(sql, params![key.0.as_str(), key.1], |row| {
                Ok((row.get::<_, i64>(0)?, row.get(1)?))
            });
            Ok(row.optional()?.map(|(version, bytes)| Stored { version: version.unsigned_abs(), bytes }))
        })
    }

    fn swap<'a>(&'a self, id: &'a str, expected: Version, bytes: Vec<u8>, due: u64) -> StoreFuture<'a, Swap> {
        let key = (self.namespace.clone(), id.to_owned());
        self.run("swap", move |connection| {
            let (namespace, id, due) = (key.0.as_str(), key.1, signed(due));
            // The lock for writing first: a transaction that asks for it later may find that it came too late.
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let rows = if expected == 0 {
                transaction.execute(
                    "INSERT INTO grants (namespace, id, version, content, due) VALUES (?1, ?2, 1, ?3, ?4)
                     ON CONFLICT DO NOTHING",
                    params![namespace, id, bytes, due],
                )?
            } else {
                transaction.execute(
                    "UPDATE grants SET version = version + 1, content = ?3, due = ?4
                     WHERE namespace = ?1 AND id = ?2 AND version = ?5",
                    params![namespace, id, bytes, due, signed(expected)],
                )?
            };
            transaction.commit()?;
            Ok(if rows == 1 { Swap::Won } else { Swap::Lost })
        })
    }

    fn remove<'a>(&'a self, id: &'a str, expected: Version) -> StoreFuture<'a, Removal> {
        let key = (self.namespace.clone(), id.to_owned());
        self.run("remove", move |connection| {
            let sql = "DELETE FROM grants WHERE namespace = ?1 AND id = ?2 AND version = ?3";
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let rows = transaction.execute(sql, params![key.0.as_str(), key.1, signed(expected)])?;
            transaction.commit()?;
            Ok(if rows == 1 { Removal::Removed } else { Removal::Lost })
        })
    }

    fn due(&self, before: u64, limit: usize, after: Option<&Due>) -> StoreFuture<'_, Vec<Due>> {
        let namespace = self.namespace.clone();
        let (due, id) =
            after.map_or((BEFORE_ALL, String::new()), |after| (signed(after.due), after.id.clone()));
        self.run("due", move |connection| {
            let mut statement = connection.prepare(
                "SELECT due, id FROM grants WHERE namespace = ?1 AND due < ?2 AND (due, id) > (?3, ?4)
                 ORDER BY due, id LIMIT ?5",
            )?;
            let params = params![namespace.as_str(), signed(before), due, id, signed(limit)];
            let places = statement.query_map(params, |row| {
                Ok(Due { due: row.get::<_, i64>(0)?.unsigned_abs(), id: row.get(1)? })
            })?;
            places.collect()
        })
    }
}

fn open(path: &Path) -> Result<Connection, Problem> {
    let unopened = |error: &dyn fmt::Display| format!("{} cannot be opened: {error}", path.display());
    create(path).map_err(|error| unopened(&error))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(|error| unopened(&error))?;
    set_up(&connection).map_err(describe)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Makes the file before SQLite does, which would let others read it; its log gets the same mode.
fn create(path: &Path) -> io::Result<()> {
    let mut folder = DirBuilder::new();
    let mut file = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        folder.mode(0o700);
        file.mode(0o600);
    }
    if let Some(parent) = path.parent() {
        folder.recursive(true).create(parent)?;
    }
    // A process that closes a file loses the locks that it has on it by other connections (POSIX), and SQLite would not
    // notice: one that is there is not opened, and a new one is closed before anybody here connects.
    let _creating = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
    match file.write(true).create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created.map(drop),
    }
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // On macOS a plain fsync may stay in the disk's cache.
    connection.pragma_update(None, "fullfsync", true)?;
    // Processes that open a new file at once collide here, where SQLite fails instead of waiting.
    let mut waited = Duration::ZERO;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && waited < BUSY_TIMEOUT =>
            {
                std::thread::sleep(BUSY_POLL);
                waited += BUSY_POLL;
            }
            done => return done,
        }
    }
}

/// Creates the tables, once, however many processes open a new file.
fn migrate(connection: &mut Connection) -> Result<(), Problem> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(describe)?;
    let number = |sql| transaction.query_row(sql, (), |row| row.get::<_, i32>(0)).map_err(describe);
    let application = number("PRAGMA application_id")?;
    let schema = number("PRAGMA user_version")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    match (application, schema) {
        (APPLICATION, SCHEMA) => return Ok(()),
        (0, 0) if tables == 0 => {}
        (APPLICATION, _) => return Err("the file is of a newer version of smartrecruiters".into()),
        _ => return Err("the file is another application's; give these grants one of their own".into()),
    }
    transaction
        .execute_batch(TABLES)
        .and_then(|()| transaction.pragma_update(None, "application_id", APPLICATION))
        .and_then(|()| transaction.pragma_update(None, "user_version", SCHEMA))
        .and_then(|()| transaction.commit())
        .map_err(describe)
}

/// SQLite's messages name tables and columns, never what is in them.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn describe(error: rusqlite::Error) -> Problem {
    format!("SQLite: {error}").into()
}

//! [`SqliteStore`]: records in a file, for any number of processes on one machine.

mod access;
mod files;
mod path;

use std::fmt;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, TransactionBehavior, params};
use tokio::sync::Mutex;

use self::files::Files;
use self::path::Location;
use super::interface::{BEFORE_ALL, Due, Removal, Store, StoreFuture, Stored, Swap, Version, signed};
use super::namespace::Namespace;
use crate::error::{Error, Result, StoreProblem};
use crate::fingerprint::Fingerprint;

/// How long to wait for other processes' writes: long enough for many of them, and far shorter than the lease on an
/// exchange.
const BUSY_TIMEOUT: Duration = Duration::from_secs(20);
/// The wait between attempts at an operation for which SQLite itself does not wait.
const BUSY_POLL: Duration = Duration::from_millis(10);
/// The `PRAGMA application_id` of this library's files: `SmRc` in ASCII.
const APPLICATION: i32 = 0x536d_5263;
/// The `PRAGMA user_version`: the version of the tables below. It is raised when they change.
const SCHEMA: i32 = 1;
const TABLES: &str = "
    CREATE TABLE records (
        namespace TEXT NOT NULL,
        id TEXT NOT NULL,
        version INTEGER NOT NULL,
        content BLOB NOT NULL,
        due INTEGER NOT NULL,
        PRIMARY KEY (namespace, id)
    ) STRICT;
    CREATE INDEX records_due ON records (namespace, due, id);
";

/// Held while a file is created.
static CREATING: SyncMutex<()> = SyncMutex::new(());

/// Options of a [`SqliteStore`].
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// The file: a path, `~/…` for the home folder, or a URL (`file:…`, `sqlite:…`). It must be on a local disk, since
    /// SQLite's locks do not work over a network. A missing file is created on first use, readable by its owner only
    /// (mode 0600), unless the URL says `mode=rw`. An existing file must belong to the user of this process, and gets
    /// that mode; one that others can write to is refused.
    pub path: PathBuf,
    /// Whether missing folders are created too (mode 0700). Otherwise they are an error, so that a volume that is not
    /// mounted does not become an empty store.
    pub create: bool,
    /// Separates apps that share a file: 1 to 64 letters, digits, `.`, `_` or `-`. Default: `default`.
    pub namespace: Option<String>,
}

/// A store in an SQLite file.
///
/// A swap is on the disk when it returns (write-ahead log, `synchronous=FULL`). If the file is deleted, moved or
/// replaced while it is in use, every use fails until that same file is back, since another file does not continue what
/// was written to this one. A new process uses the file that it finds.
pub struct SqliteStore {
    location: Arc<Location>,
    create: bool,
    namespace: Namespace,
    /// One connection, opened on first use. SQLite allows only one write at a time in any case.
    database: Arc<Mutex<Option<Database>>>,
}

/// An open database.
struct Database {
    connection: Connection,
    files: Files,
}

impl SqliteStore {
    /// Checks the options, and opens no file yet. Fails with [`Error::Configuration`] that names the option at fault.
    pub fn new(options: SqliteOptions) -> Result<Self> {
        let location = Arc::new(Location::parse(&options.path)?);
        let namespace = Namespace::new(options.namespace)?;
        Ok(Self { location, create: options.create, namespace, database: Arc::default() })
    }

    /// Runs `work` on a thread that may wait for a disk. Once it has started there, it runs to its end even if the
    /// future is dropped.
    fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> StoreFuture<'_, T> {
        Box::pin(async move {
            // Waiting here, before the blocking thread is taken, occupies no thread.
            let mut database = Arc::clone(&self.database).lock_owned().await;
            let (location, create) = (Arc::clone(&self.location), self.create);
            let done = tokio::task::spawn_blocking(move || {
                let database = match &mut *database {
                    Some(database) => database,
                    none => none.insert(Database::open(&location, create)?),
                };
                let described = |error| describe(&location, error);
                database.check(&location)?;
                let result = work(&database.connection).map_err(described)?;
                // Only this check makes sure that the answer came from the file at the path.
                database.check(&location)?;
                Ok(result)
            });
            let result = done.await.unwrap_or_else(|_| Err("its thread ended".into()));
            result.map_err(|problem| Error::Store { operation, problem })
        })
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.location.path)
            .field("namespace", &self.namespace.as_str())
            .finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn namespace(&self) -> &str {
        self.namespace.as_str()
    }

    fn fingerprint(&self) -> Option<Fingerprint> {
        // Stores that share their grants must fail in the same cases, so these options are part of the fingerprint.
        let options = (self.create, self.location.makes_file);
        Some(Fingerprint::of(&("sqlite", &self.location.path, options, self.namespace.as_str())))
    }

    fn load<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Stored>> {
        let key = (self.namespace.clone(), id.to_owned());
        self.run("load", move |connection| {
            let sql = "SELECT version, content FROM records WHERE namespace = ?1 AND id = ?2";
            let row = connection
                .prepare_cached(sql)?
                .query_row(params![key.0.as_str(), key.1], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)));
            Ok(row.optional()?.map(|(version, bytes)| Stored { version: version.unsigned_abs(), bytes }))
        })
    }

    fn swap<'a>(&'a self, id: &'a str, expected: Version, bytes: Vec<u8>, due: u64) -> StoreFuture<'a, Swap> {
        let key = (self.namespace.clone(), id.to_owned());
        self.run("swap", move |connection| {
            let (namespace, id, due) = (key.0.as_str(), key.1, signed(due));
            // Each statement is a transaction of its own, and takes the write lock before it reads. A transaction that
            // reads first can fail because another one was faster.
            let rows = if expected == 0 {
                let sql = "INSERT INTO records (namespace, id, version, content, due)
                           VALUES (?1, ?2, 1, ?3, ?4) ON CONFLICT DO NOTHING";
                connection.prepare_cached(sql)?.execute(params![namespace, id, bytes, due])?
            } else {
                let sql = "UPDATE records SET version = version + 1, content = ?3, due = ?4
                           WHERE namespace = ?1 AND id = ?2 AND version = ?5";
                connection.prepare_cached(sql)?.execute(params![
                    namespace,
                    id,
                    bytes,
                    due,
                    signed(expected)
                ])?
            };
            Ok(if rows == 1 { Swap::Won } else { Swap::Lost })
        })
    }

    fn remove<'a>(&'a self, id: &'a str, expected: Version) -> StoreFuture<'a, Removal> {
        let key = (self.namespace.clone(), id.to_owned());
        self.run("remove", move |connection| {
            let sql = "DELETE FROM records WHERE namespace = ?1 AND id = ?2 AND version = ?3";
            let rows =
                connection.prepare_cached(sql)?.execute(params![key.0.as_str(), key.1, signed(expected)])?;
            Ok(if rows == 1 { Removal::Removed } else { Removal::Lost })
        })
    }

    fn due(&self, before: u64, limit: usize, after: Option<&Due>) -> StoreFuture<'_, Vec<Due>> {
        let namespace = self.namespace.clone();
        let (due, id) =
            after.map_or((BEFORE_ALL, String::new()), |after| (signed(after.due), after.id.clone()));
        self.run("due", move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT due, id FROM records WHERE namespace = ?1 AND due < ?2 AND (due, id) > (?3, ?4)
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

impl Database {
    fn open(location: &Location, create: bool) -> Result<Self, StoreProblem> {
        let path = &location.path;
        make(location, create).map_err(|error| not_made(location, error))?;
        let real = access::secure(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let described = |error| describe(location, error);
        let mut connection = Connection::open_with_flags(real, flags).map_err(described)?;
        set_up(&connection).map_err(described)?;
        migrate(&mut connection, location)?;
        // Something may have been put there meanwhile, and SQLite has made files of its own.
        access::secure(path)?;
        Ok(Self { connection, files: Files::of(path) })
    }

    /// Fails if the database is no longer where it was opened.
    fn check(&self, location: &Location) -> Result<(), StoreProblem> {
        let Some(file) = self.files.moved(&self.connection).map_err(|error| describe(location, error))?
        else {
            return Ok(());
        };
        let problem = format!(
            "the file {} was deleted, moved or replaced while it was in use, and what would be written now would be \
             lost; put this very file back, or restart the process to use what is there now",
            file.display()
        );
        Err(problem.into())
    }
}

/// Creates the file before SQLite does, which would let other users read it. Its log gets the same mode.
fn make(location: &Location, create: bool) -> io::Result<()> {
    let path = &location.path;
    let mut folder = DirBuilder::new();
    let mut file = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        folder.mode(0o700);
        file.mode(0o600);
    }
    if let Some(parent) = path.parent().filter(|_| create) {
        folder.recursive(true).create(parent)?;
    }
    if !location.makes_file {
        return fs::metadata(path).map(drop);
    }
    // A process that closes a file loses all its locks on that file, also those of other connections (POSIX), and
    // SQLite would not notice. An existing file is therefore not opened, and a new one is closed before this process
    // connects.
    let _creating = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
    match file.write(true).create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => restrict(&created?),
    }
}

/// Gives a new file its mode, whatever the umask has left of it.
#[cfg(unix)]
fn restrict(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on the other systems")]
fn restrict(_file: &fs::File) -> io::Result<()> {
    Ok(())
}

fn not_made(location: &Location, error: io::Error) -> StoreProblem {
    let path = &location.path;
    let folder = path.parent().filter(|folder| !folder.exists());
    let text = match (error.kind(), folder) {
        (io::ErrorKind::NotFound, Some(folder)) => format!(
            "the folder {} of the store does not exist; mount the volume that it is on, or create it, or give the option \
             `create: true`",
            folder.display()
        ),
        (io::ErrorKind::NotFound, None) => {
            format!("there is no file {}, and `mode=rw` in `path` forbids creating one", path.display())
        }
        (io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem, _) => format!(
            "{} cannot be opened: {error}; let the user of this process write to the file and its folder",
            path.display()
        ),
        _ => format!("{} cannot be opened: {error}; check `path`", path.display()),
    };
    StoreProblem::new(text, Some(Arc::new(error)))
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // On macOS a plain fsync may stay in the disk's cache.
    connection.pragma_update(None, "fullfsync", true)?;
    // Processes that open a new file at the same time collide here, where SQLite fails without waiting.
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

/// Creates the tables. If several processes open a new file, one of them does so.
fn migrate(connection: &mut Connection, location: &Location) -> Result<(), StoreProblem> {
    let describe = |error| describe(location, error);
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(describe)?;
    let number = |sql| transaction.query_row(sql, (), |row| row.get::<_, i32>(0)).map_err(describe);
    let application = number("PRAGMA application_id")?;
    let schema = number("PRAGMA user_version")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    match (application, schema) {
        (APPLICATION, SCHEMA) => return Ok(()),
        (0, 0) if tables == 0 => {}
        (APPLICATION, _) => {
            return Err(format!(
                "the file {} is of a newer version of smartrecruiters; use that version",
                location.path.display()
            )
            .into());
        }
        _ => {
            return Err(format!(
                "the file {} is another application's; give these records a file of their own",
                location.path.display()
            )
            .into());
        }
    }
    transaction
        .execute_batch(TABLES)
        .and_then(|()| transaction.pragma_update(None, "application_id", APPLICATION))
        .and_then(|()| transaction.pragma_update(None, "user_version", SCHEMA))
        .and_then(|()| transaction.commit())
        .map_err(describe)
}

/// SQLite's messages name tables and columns, but never quote their content.
fn describe(location: &Location, error: rusqlite::Error) -> StoreProblem {
    let remedy = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another process has kept it locked for long; end that process, or make it write less at a time"
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "let the user of this process write to the file, to its -wal and -shm, and to their folder"
        }
        Some(ErrorCode::CannotOpen) => {
            "check that it is a file, and that this process may write to it and its folder"
        }
        Some(ErrorCode::DiskFull) => "its disk is full; make room on it",
        Some(ErrorCode::SystemIoFailure) => "check its disk, and the system's log",
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            "give a file of SQLite, or put a backup in its place"
        }
        _ => "check the file, and that nothing else changes it",
    };
    let text = format!("{} cannot be used: SQLite says \"{error}\"; {remedy}", location.path.display());
    StoreProblem::new(text, Some(Arc::new(error)))
}

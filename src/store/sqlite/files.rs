//! [`Files`]: whether a database that is open is still the one at its path.
//!
//! A process may go on writing to files that were deleted, moved away or replaced. What it writes is gone with it, or
//! hidden from all others.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::FileControl;

/// The files of an open database: itself, its log, and the index of the log, through which its processes take turns.
/// While it is open, SQLite replaces none of them.
#[derive(Debug)]
pub(super) struct Files([(PathBuf, Option<Id>); 3]);

/// What tells a file from all others that exist at the same time.
type Id = (u64, u64);

impl Files {
    /// The files of the database at `path`, which is open and has been used.
    pub(super) fn of(path: &Path) -> Self {
        // SQLite follows links, and has the others beside the file that they lead to.
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let beside = |end: &str| {
            let mut name = real.clone().into_os_string();
            name.push(end);
            PathBuf::from(name)
        };
        let files = [path.to_owned(), beside("-wal"), beside("-shm")];
        Self(files.map(|file| {
            let id = id(&file);
            (file, id)
        }))
    }

    /// The first file that is not there any more, or is another one.
    pub(super) fn moved(&self, connection: &Connection) -> rusqlite::Result<Option<&Path>> {
        let other = self.0.iter().find(|(file, was)| was.is_some() && id(file) != *was);
        if let Some((file, _)) = other {
            return Ok(Some(file));
        }
        // It was another one already when its id was taken.
        Ok(has_moved(connection)?.then_some(self.0[0].0.as_path()))
    }
}

#[cfg(unix)]
fn id(file: &Path) -> Option<Id> {
    use std::os::unix::fs::MetadataExt as _;
    // Not opened: a process that closes a file loses the locks that it has on it (POSIX).
    fs::metadata(file).ok().map(|file| (file.dev(), file.ino()))
}

/// Windows lets no file be deleted or replaced that is open.
#[cfg(not(unix))]
fn id(file: &Path) -> Option<Id> {
    fs::metadata(file).ok().map(|_| (0, 0))
}

#[cfg(unix)]
fn has_moved(connection: &Connection) -> rusqlite::Result<bool> {
    let mut moved = 0;
    connection.file_control(Some(rusqlite::MAIN_DB), FileControl::HasMoved(&mut moved))?;
    Ok(moved != 0)
}

#[cfg(not(unix))]
fn has_moved(_connection: &Connection) -> rusqlite::Result<bool> {
    Ok(false)
}

//! [`Files`]: detects whether an open database is still the one at its path.
//!
//! A process can keep writing to files that were deleted, moved or replaced. What it writes is lost when it ends, or
//! hidden from other processes.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::FileControl;

/// The files of an open database: the database, its log, and the index of the log, by which processes coordinate.
/// SQLite replaces none of them while the database is open.
#[derive(Debug)]
pub(super) struct Files([(PathBuf, Option<Id>); 3]);

/// Identifies a file among all that exist at the same time.
type Id = (u64, u64);

impl Files {
    /// The files of the database at `path`, which is open and has been used.
    pub(super) fn of(path: &Path) -> Self {
        // SQLite follows links, and keeps the other two beside the file that the link leads to.
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

    /// The first file that is missing or was replaced.
    pub(super) fn moved(&self, connection: &Connection) -> rusqlite::Result<Option<&Path>> {
        let other = self.0.iter().find(|(file, was)| was.is_some() && id(file) != *was);
        if let Some((file, _)) = other {
            return Ok(Some(file));
        }
        // The file may have been replaced before its id was read.
        Ok(has_moved(connection)?.then_some(self.0[0].0.as_path()))
    }
}

#[cfg(unix)]
fn id(file: &Path) -> Option<Id> {
    use std::os::unix::fs::MetadataExt as _;
    // The file is not opened, since a process that closes a file loses all its locks on that file (POSIX).
    fs::metadata(file).ok().map(|file| (file.dev(), file.ino()))
}

/// Windows does not allow an open file to be deleted or replaced, so any id will do.
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

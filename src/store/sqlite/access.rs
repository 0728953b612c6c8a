//! Makes sure that a database belongs to this process's user alone, before SQLite opens it and once it is open.
//!
//! Another user who can write to a folder on the way can put a file or a link there. SQLite would write tokens to it, or
//! read records from it.

use std::path::{Path, PathBuf};

use crate::error::StoreProblem;

/// Which files SQLite keeps: the database, and its log, the index of the log, and its journal, which lie beside it.
const ENDS: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Checks the way to the file at `path`, and the file and those beside it as far as they exist. Returns the path of the
/// file without links. Files that others may read get mode 0600.
#[cfg(unix)]
pub(super) fn secure(path: &Path) -> Result<PathBuf, StoreProblem> {
    unix::follow(path, true, 0)?;
    let real = std::fs::canonicalize(path)
        .map_err(|error| format!("{} cannot be opened: {error}; check the path", path.display()))?;
    for end in ENDS {
        let mut file = real.clone().into_os_string();
        file.push(end);
        unix::own(Path::new(&file))?;
    }
    Ok(real)
}

/// Windows gives a file the rights of its folder, and lets only administrators make links.
#[cfg(not(unix))]
pub(super) fn secure(path: &Path) -> Result<PathBuf, StoreProblem> {
    let _ = ENDS;
    Ok(path.to_owned())
}

#[cfg(unix)]
mod unix {
    use std::fs::{self, Metadata, Permissions};
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
    use std::path::Path;

    use crate::error::StoreProblem;

    /// The number of links that Linux follows on one path.
    const MOST_LINKS: usize = 40;
    const ROOT: u32 = 0;
    /// The bits of a mode that are the rights of the group and of all others.
    const OTHERS: u32 = 0o077;

    fn user() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    /// Checks the links on the way to `path`. `is_file` says whether the path is that of the database, and not of a
    /// folder on the way.
    pub(super) fn follow(path: &Path, is_file: bool, links: usize) -> Result<(), StoreProblem> {
        if links > MOST_LINKS {
            return Err(format!(
                "{} leads through too many links; give the path that they lead to",
                path.display()
            )
            .into());
        }
        let mut parts: Vec<_> = path.ancestors().collect();
        parts.reverse();
        for part in parts {
            let is_last = is_file && part == path;
            // What does not exist is reported where it is opened.
            let Ok(link) = fs::symlink_metadata(part) else { return Ok(()) };
            if !link.is_symlink() {
                continue;
            }
            if ![user(), ROOT].contains(&link.uid()) {
                return Err(format!(
                    "{} is a link of another user (uid {}), who could lead it anywhere; remove it, or give the path of \
                     the file itself",
                    part.display(),
                    link.uid()
                )
                .into());
            }
            let target = fs::read_link(part)
                .map_err(|error| format!("{} cannot be followed: {error}", part.display()))?;
            let target = part.parent().unwrap_or(part).join(target);
            follow(&target, is_last, links + 1)?;
            // The system has links of its own to folders in which everybody may write, such as `/tmp` of macOS.
            let folder = if is_last { target.parent() } else { Some(target.as_path()) };
            if let Some(folder) = folder.filter(|_| is_last || link.uid() != ROOT)
                && others_write(folder)
            {
                return Err(format!(
                    "{} is a link into {}, where other users can write, and could replace the file; give the path of a \
                     file in a folder that only the user of this process can write to",
                    part.display(),
                    folder.display()
                )
                .into());
            }
        }
        Ok(())
    }

    /// Whether users other than this one and root may write to a folder.
    fn others_write(folder: &Path) -> bool {
        let Ok(folder) = fs::metadata(folder) else { return false };
        // Many systems give each user a group of his own, and let it write.
        let by_group = folder.mode() & 0o020 != 0 && folder.gid() != rustix::process::getegid().as_raw();
        by_group || folder.mode() & 0o002 != 0 || ![user(), ROOT].contains(&folder.uid())
    }

    /// Checks that a file is a file of this user, if it exists, and makes it unreadable for others. The file is not
    /// opened, since a process that closes a file loses all its locks on that file (POSIX).
    pub(super) fn own(file: &Path) -> Result<(), StoreProblem> {
        let Ok(found) = fs::symlink_metadata(file) else { return Ok(()) };
        let refused = |problem: String| Err(format!("{} {problem}", file.display()).into());
        if !found.is_file() {
            return refused(format!(
                "is {}; check that it is a file, and remove what somebody else has put there",
                kind(&found)
            ));
        }
        if found.uid() != user() {
            return refused(format!(
                "belongs to another user (uid {}), and this process is that of uid {}; run it as that user, or give it \
                 the file with `chown`, if you know where it comes from",
                found.uid(),
                user()
            ));
        }
        if found.mode() & 0o022 != 0 {
            return refused(format!(
                "can be written to by other users (mode {:04o}), who may have changed it; if its content is right, use \
                 `chmod 600`",
                found.mode() & 0o7777
            ));
        }
        if found.mode() & OTHERS == 0 {
            return Ok(());
        }
        match fs::set_permissions(file, Permissions::from_mode(0o600)) {
            Ok(()) => Ok(()),
            Err(error) => refused(format!("can be read by other users: {error}; use `chmod 600`")),
        }
    }

    fn kind(found: &Metadata) -> &'static str {
        let kind = found.file_type();
        match () {
            () if kind.is_symlink() => "a link",
            () if kind.is_dir() => "a folder",
            () if kind.is_fifo() => "a FIFO",
            () if kind.is_socket() => "a socket",
            () => "a device",
        }
    }
}

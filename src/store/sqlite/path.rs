//! [`Location`]: the database file that a path or URL names.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use crate::error::{Error, Result};

/// URL schemes of files. `file:` is that of RFC 8089; frameworks use `sqlite:` and `sqlite3:`.
const SCHEMES: [&str; 3] = ["file:", "sqlite:", "sqlite3:"];
/// URL parameters that are accepted and ignored.
const IGNORED: [&str; 6] = ["cache", "psow", "connection_limit", "pool_timeout", "socket_timeout", "timeout"];

/// The place of a store's file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Location {
    /// An absolute path, since the process may change its working directory before the store is used.
    pub(super) path: PathBuf,
    /// Whether a missing file is created. Default: true, unless the URL says `mode=rw`.
    pub(super) makes_file: bool,
}

impl Location {
    /// Reads a path, `~/…`, or a URL such as `file:./records.sqlite?mode=rw` or `sqlite:///srv/records.sqlite`.
    pub(super) fn parse(path: &Path) -> Result<Self> {
        let (path, makes_file) = match path.to_str() {
            Some(text) => read(text)?,
            // Text that is not Unicode can only be a path.
            None => (path.to_owned(), true),
        };
        let path = std::path::absolute(path).map_err(|_| wrong("has no absolute form"))?;
        Ok(Self { path, makes_file })
    }
}

fn read(text: &str) -> Result<(PathBuf, bool)> {
    let starts =
        |scheme: &&&str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let (path, makes_file) = match SCHEMES.iter().find(starts) {
        Some(scheme) => of_url(scheme, &text[scheme.len()..])?,
        None if text.contains("://") => return Err(wrong("is the URL of something other than a file")),
        None => (text.to_owned(), true),
    };
    if path.is_empty() || path.contains('\0') {
        return Err(wrong("must name a file, such as ./data/records.sqlite"));
    }
    if path.starts_with(":memory:") {
        return Err(in_memory());
    }
    if path.starts_with(':') {
        return Err(wrong(
            "must name a file, such as ./data/records.sqlite; SQLite gives `:` a meaning of its own",
        ));
    }
    Ok((in_home(path)?, makes_file))
}

/// Reads the part of a URL after `scheme`: the percent-decoded path, and whether a missing file is created.
fn of_url(scheme: &str, text: &str) -> Result<(String, bool)> {
    let text = text.split('#').next().unwrap_or_default();
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let decoded = decode(path)?;
    let path = match decoded.strip_prefix("//") {
        None => decoded,
        // RFC 8089 has a host after the slashes, and frameworks have the path.
        Some(rest) if scheme == "file:" => match rest.strip_prefix("localhost").unwrap_or(rest) {
            path if path.starts_with('/') => path.to_owned(),
            _ => return Err(wrong("must have three slashes, file:///…, or be relative, file:./…")),
        },
        Some(rest) => rest.to_owned(),
    };
    let path = match path.trim_start_matches('/') {
        rest if rest.len() == path.len() => path,
        // A URL writes a drive as `/C:/…`.
        rest if cfg!(windows) && rest.as_bytes().get(1) == Some(&b':') => rest.to_owned(),
        rest => format!("/{rest}"),
    };
    let mut makes_file = true;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match (name, value) {
            ("mode", "rwc") => makes_file = true,
            ("mode", "rw") => makes_file = false,
            ("mode", "memory") => return Err(in_memory()),
            ("mode", _) => return Err(wrong("must have rw or rwc as `mode`: a store must be able to write")),
            (name, _) if IGNORED.contains(&name) => {}
            (name, _) => {
                return Err(wrong(format!(
                    "has the parameter `{name}`, which is not known here; leave it out"
                )));
            }
        }
    }
    Ok((path, makes_file))
}

fn decode(text: &str) -> Result<String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| wrong("has a percent-encoding that is not one of UTF-8"))
}

/// Expands `~` to the user's home folder, as a shell does.
fn in_home(path: String) -> Result<PathBuf> {
    match path.strip_prefix('~') {
        None => Ok(path.into()),
        Some(rest) if rest.starts_with(std::path::is_separator) => {
            let home = std::env::home_dir().filter(|home| home.is_absolute());
            let home = home
                .ok_or_else(|| wrong("begins with ~, but there is no home folder; write the whole path"))?;
            Ok(home.join(rest.trim_start_matches(std::path::is_separator)))
        }
        Some(_) => Err(wrong(
            "begins with ~ and is not in ~/; write the whole path, or ./~… for a file of that name",
        )),
    }
}

fn in_memory() -> Error {
    wrong(
        "is a database in memory, which other connections and processes do not see; use a MemoryStore for that",
    )
}

fn wrong(problem: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::configuration("path", problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_urls_name_files() {
        let here = std::env::current_dir().unwrap();
        let home = std::env::home_dir().unwrap();
        for (text, expected) in [
            ("records.sqlite", here.join("records.sqlite")),
            ("./a%20b?mode=x#y", here.join("a%20b?mode=x#y")),
            ("/srv/r", "/srv/r".into()),
            ("~/a/r", home.join("a/r")),
            ("file:r", here.join("r")),
            ("file:./a%20b", here.join("a b")),
            ("FILE:/srv/r", "/srv/r".into()),
            ("file:///srv/r%3F?mode=rwc&cache=private#x", "/srv/r?".into()),
            ("file://localhost/srv/r", "/srv/r".into()),
            ("sqlite:r", here.join("r")),
            ("sqlite:///srv/r", "/srv/r".into()),
            ("sqlite:////srv/r", "/srv/r".into()),
            ("sqlite://./r?connection_limit=1", here.join("r")),
            ("sqlite3://a/r", here.join("a/r")),
            ("sqlite:~/r", home.join("r")),
            ("file:~/r", home.join("r")),
        ] {
            let location = Location::parse(Path::new(text)).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(location, Location { path: expected, makes_file: true }, "{text}");
        }
        assert!(!Location::parse(Path::new("file:r?mode=rw")).unwrap().makes_file);
    }

    #[test]
    fn what_names_no_file_is_refused_with_the_remedy() {
        for (text, remedy) in [
            ("", "must name a file"),
            ("file:", "must name a file"),
            ("sqlite://", "must name a file"),
            ("a\0b", "must name a file"),
            (":memory:", "MemoryStore"),
            ("file::memory:?cache=shared", "MemoryStore"),
            ("sqlite::memory:", "MemoryStore"),
            ("sqlite://:memory:", "MemoryStore"),
            ("file:r?mode=memory", "MemoryStore"),
            ("file:r?mode=ro", "`mode`"),
            ("file:r?immutable=1", "`immutable`"),
            ("sqlite:r?vfs", "`vfs`"),
            ("file://host/r", "three slashes"),
            ("file:%ff", "UTF-8"),
            ("~someone/r", "whole path"),
            ("~r", "whole path"),
            ("postgres://host/r", "something other than a file"),
            (":r", "must name a file"),
        ] {
            let error = Location::parse(Path::new(text)).unwrap_err().to_string();
            assert!(error.contains(remedy), "{text}: {error}");
        }
    }
}

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use smartrecruiters::error::ErrorCode;
use smartrecruiters::store::{NEVER, SqliteOptions, SqliteStore, Store, Swap};

use super::contract;
use super::servers::Folder;

const PROCESSES: u64 = 8;
const SWAPS_EACH: u64 = 10_000;
/// Names the file to [`a_process`].
const FILE: &str = "SMARTRECRUITERS_TEST_FILE";

fn open(path: &Path, namespace: Option<&str>) -> Arc<dyn Store> {
    let options = SqliteOptions { path: path.to_owned(), namespace: namespace.map(str::to_owned) };
    Arc::new(SqliteStore::new(options).unwrap())
}

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    let folder = Folder::new();
    let path = folder.0.join("a/b/grants.sqlite");
    contract::check(|| open(&path, None)).await;
    assert_eq!(open(&path, Some("other")).load("a").await.unwrap(), None, "namespaces are apart");
}

#[tokio::test]
async fn only_the_owner_can_read_the_file_and_its_log() {
    let folder = Folder::new();
    let path = folder.0.join("made/grants.sqlite");
    let store = open(&path, None);
    assert_eq!(store.swap("g", 0, b"x".to_vec(), NEVER).await.unwrap(), Swap::Won);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    assert!(path.with_extension("sqlite-wal").exists(), "it has a write-ahead log");
}

#[tokio::test]
async fn processes_lose_no_update_and_meet_no_lock() {
    let folder = Folder::new();
    let path = folder.0.join("grants.sqlite");
    let this = std::env::current_exe().unwrap();
    let processes: Vec<_> = (0..PROCESSES)
        .map(|_| {
            let mut process = Command::new(&this);
            process.args(["--exact", "stores::sqlite::a_process", "--ignored"]).env(FILE, &path);
            process.stdout(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for process in processes {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    assert_eq!(contract::count(&*open(&path, None)).await, PROCESSES * SWAPS_EACH);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_second_store_of_a_process_does_not_cost_the_first_its_locks() {
    use std::os::unix::fs::MetadataExt as _;

    let folder = Folder::new();
    let path = folder.0.join("grants.sqlite");
    let stores = [open(&path, None), open(&path, Some("other"))];
    for store in &stores {
        store.load("g").await.unwrap();
        // Without its lock on the file itself another process could end the log that this one goes on writing to.
        let (process, inode) = (std::process::id(), fs::metadata(&path).unwrap().ino());
        let locks = fs::read_to_string("/proc/locks").unwrap();
        let is_held =
            |lock: &str| lock.contains(&format!(" {process} ")) && lock.contains(&format!(":{inode} "));
        assert!(locks.lines().any(is_held), "{locks}");
    }
}

#[tokio::test]
#[ignore = "one of the processes of the test above"]
async fn a_process() {
    #[expect(clippy::disallowed_methods, reason = "how one process of a test tells another")]
    let path = std::env::var_os(FILE).map(PathBuf::from);
    // Who runs all ignored tests means others.
    let Some(path) = path else { return };
    contract::count_up(&*open(&path, None), SWAPS_EACH).await;
}

#[tokio::test]
async fn nothing_is_readable_in_sqlite_files() {
    let folder = Folder::new();
    let store = open(&folder.0.join("grants.sqlite"), None);
    super::nothing_is_readable_in_files(&*store, &folder.0).await;
    // The last to close it moves the log into the file.
    drop(store);
    assert!(!super::holds(&folder.0, b"sealed-canary"), "a token is in the clear");
}

#[tokio::test]
async fn what_is_not_ours_is_refused_and_left_alone() {
    let folder = Folder::new();
    let text = folder.0.join("text");
    fs::write(&text, "no database".repeat(100)).unwrap();
    let newer = folder.0.join("newer.sqlite");
    open(&newer, None).load("g").await.unwrap();
    let other = folder.0.join("other.sqlite");
    for (path, sql) in [(&newer, "PRAGMA user_version = 99"), (&other, "CREATE TABLE theirs (a)")] {
        rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
    }
    for (path, problem) in [
        (&text, "not a database"),
        (&newer, "newer version"),
        (&other, "another application's"),
        (&folder.0, "cannot be opened"),
    ] {
        let error = open(path, None).load("g").await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Store);
        assert!(error.to_string().contains(problem), "{error}");
    }
    assert!(fs::read_to_string(&text).unwrap().starts_with("no database"));
}

#[test]
fn options_are_checked() {
    let code = |path: &str, namespace: &str| {
        let options = SqliteOptions { path: path.into(), namespace: Some(namespace.into()) };
        SqliteStore::new(options).map_err(|error| error.code()).map(|_| ())
    };
    for (path, namespace) in [("", "a"), (":memory:", "a"), ("a", ""), ("a", "a/b")] {
        assert_eq!(code(path, namespace), Err(ErrorCode::Configuration), "{path:?} {namespace:?}");
    }
}

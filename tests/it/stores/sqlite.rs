use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, lchown, symlink};
use std::os::unix::net::UnixListener;
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
    let options =
        SqliteOptions { path: path.to_owned(), create: true, namespace: namespace.map(str::to_owned) };
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
        (&folder.0, "check that it is a file"),
    ] {
        let error = open(path, None).load("g").await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Store);
        let text = error.to_string();
        assert!(text.contains(problem) && text.contains(path.to_str().unwrap()), "{text}");
    }
    assert!(fs::read_to_string(&text).unwrap().starts_with("no database"));
}

#[tokio::test]
async fn a_missing_folder_is_an_error_unless_it_is_to_be_created() {
    let folder = Folder::new();
    let path = folder.0.join("volume/records.sqlite");
    let store = |create, path: &Path| {
        SqliteStore::new(SqliteOptions { path: path.to_owned(), create, namespace: None }).unwrap()
    };
    let error = store(false, &path).swap("g", 0, b"x".to_vec(), NEVER).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Store);
    let text = error.to_string();
    assert!(text.contains("volume of the store does not exist") && text.contains("`create: true`"), "{text}");
    assert!(!folder.0.join("volume").exists(), "nothing is made");

    assert_eq!(store(true, &path).swap("g", 0, b"x".to_vec(), NEVER).await.unwrap(), Swap::Won);
    assert!(store(false, &path).load("g").await.unwrap().is_some(), "a folder that is there is enough");
    let beside = folder.0.join("volume/other.sqlite");
    assert_eq!(store(false, &beside).load("g").await.unwrap(), None, "a file is made where its folder is");

    let url = |name: &str| PathBuf::from(format!("file:{}?mode=rw", folder.0.join(name).display()));
    let error = store(true, &url("volume/absent.sqlite")).load("g").await.unwrap_err();
    assert!(error.to_string().contains("mode=rw"), "{error}");
    assert!(!folder.0.join("volume/absent.sqlite").exists(), "nothing is made");
    assert!(store(false, &url("volume/records.sqlite")).load("g").await.unwrap().is_some());
}

/// What is done to the files of a database that is open, by the folder that they are in and the name of the file.
type Accident = fn(&Path, &str);

fn with_end(folder: &Path, name: &str, end: &str) -> PathBuf {
    folder.join(format!("{name}{end}"))
}

#[tokio::test]
async fn nothing_is_written_to_a_file_that_was_deleted_moved_or_replaced() {
    let accidents: [(&str, Accident); 7] = [
        ("all files deleted", |folder, name| {
            for end in ["", "-wal", "-shm"] {
                fs::remove_file(with_end(folder, name, end)).unwrap();
            }
        }),
        ("the file alone deleted", |folder, name| fs::remove_file(folder.join(name)).unwrap()),
        ("the log deleted", |folder, name| fs::remove_file(with_end(folder, name, "-wal")).unwrap()),
        ("the index of the log deleted", |folder, name| {
            fs::remove_file(with_end(folder, name, "-shm")).unwrap();
        }),
        ("another file moved there", |folder, name| {
            fs::write(folder.join("other"), "").unwrap();
            fs::rename(folder.join("other"), folder.join(name)).unwrap();
        }),
        ("a copy of it moved there", |folder, name| {
            fs::copy(folder.join(name), folder.join("copy")).unwrap();
            fs::rename(folder.join("copy"), folder.join(name)).unwrap();
        }),
        ("its folder replaced by an empty one", |folder, _| {
            fs::rename(folder, folder.with_extension("away")).unwrap();
            fs::create_dir(folder).unwrap();
        }),
    ];
    for (what, accident) in accidents {
        let folder = Folder::new();
        let place = folder.0.join("place");
        let store = open(&place.join("records.sqlite"), None);
        assert_eq!(store.swap("g", 0, b"kept".to_vec(), NEVER).await.unwrap(), Swap::Won);
        accident(&place, "records.sqlite");
        let failures = [
            store.swap("g", 1, b"lost".to_vec(), NEVER).await.map(|_| ()),
            store.swap("new", 0, b"lost".to_vec(), NEVER).await.map(|_| ()),
            store.remove("g", 1).await.map(|_| ()),
            store.load("g").await.map(|_| ()),
            store.due(NEVER, 1, None).await.map(|_| ()),
        ];
        for failure in failures {
            let error = failure.expect_err(what);
            assert_eq!(error.code(), ErrorCode::Store, "{what}");
            assert!(error.to_string().contains("deleted, moved or replaced"), "{what}: {error}");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_put_back_is_used_again_and_a_new_one_only_by_a_new_store() {
    let folder = Folder::new();
    let (place, away) = (folder.0.join("place"), folder.0.join("away"));
    let path = place.join("records.sqlite");
    let store = open(&path, None);
    assert_eq!(store.swap("g", 0, b"kept".to_vec(), NEVER).await.unwrap(), Swap::Won);
    fs::rename(&place, &away).unwrap();
    store.load("g").await.unwrap_err();
    assert!(!place.exists(), "nothing is made");

    let fresh = open(&path, None);
    assert_eq!(fresh.swap("g", 0, b"new".to_vec(), NEVER).await.unwrap(), Swap::Won);
    store.load("g").await.unwrap_err();

    drop(fresh);
    fs::rename(&place, folder.0.join("fresh")).unwrap();
    fs::rename(&away, &place).unwrap();
    assert_eq!(store.load("g").await.unwrap().unwrap().bytes, b"kept");
    assert_eq!(store.swap("g", 1, b"next".to_vec(), NEVER).await.unwrap(), Swap::Won);
}

#[tokio::test]
async fn a_link_to_the_file_is_as_good_as_the_file() {
    let folder = Folder::new();
    let (link, real) = (folder.0.join("link.sqlite"), folder.0.join("real.sqlite"));
    std::os::unix::fs::symlink(&real, &link).unwrap();
    open(&real, None).load("g").await.unwrap();
    let store = open(&link, None);
    assert_eq!(store.swap("g", 0, b"x".to_vec(), NEVER).await.unwrap(), Swap::Won);
    open(&folder.0.join("other.sqlite"), None).load("g").await.unwrap();
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(folder.0.join("other.sqlite"), &link).unwrap();
    store.swap("g", 1, b"y".to_vec(), NEVER).await.unwrap_err();
}

/// What somebody else may have put in the place of a file, and what the error says about it.
type Plant = (&'static str, fn(&Path), &'static str);

const PLANTS: [Plant; 6] = [
    ("a link", |file| symlink(file.with_file_name("elsewhere"), file).unwrap(), "is a link"),
    ("a FIFO", |file| run("mkfifo", &[file.as_os_str()]), "is a FIFO"),
    ("a folder", |file| fs::create_dir(file).unwrap(), "is a folder"),
    ("a socket", |file| drop(UnixListener::bind(file).unwrap()), "is a socket"),
    ("a file that others can write to", |file| planted(file, 0o666), "`chmod 600`"),
    ("a file that its group can write to", |file| planted(file, 0o620), "`chmod 600`"),
];

fn planted(file: &Path, mode: u32) {
    fs::write(file, "").unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
}

fn run(program: &str, arguments: &[&OsStr]) {
    assert!(Command::new(program).args(arguments).status().unwrap().success(), "{program}");
}

/// The error with which a store refuses to open, as text.
async fn refusal(path: &Path) -> String {
    let error = open(path, None).load("g").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Store);
    error.to_string()
}

#[tokio::test]
async fn a_file_that_was_planted_is_refused_by_name() {
    for end in ["", "-wal", "-shm", "-journal"] {
        for (what, plant, problem) in PLANTS {
            // A link to the file itself is no danger where nobody else can write.
            if end.is_empty() && what == "a link" {
                continue;
            }
            let folder = Folder::new();
            let path = folder.0.join("records.sqlite");
            let file = with_end(&folder.0, "records.sqlite", end);
            if !end.is_empty() {
                open(&path, None).load("g").await.unwrap();
            }
            plant(&file);
            let text = refusal(&path).await;
            assert!(text.contains(problem) && text.contains(file.to_str().unwrap()), "{what}: {text}");
            assert!(!folder.0.join("elsewhere").exists(), "{what}: something was written through it");
        }
    }
}

/// The user of nobody, as whom only root can make files.
const OTHER_USER: u32 = 65_534;

#[tokio::test]
async fn a_file_or_a_link_of_another_user_is_refused_by_name() {
    for end in ["", "-wal", "-shm", "-journal"] {
        let folder = Folder::new();
        let path = folder.0.join("records.sqlite");
        let file = with_end(&folder.0, "records.sqlite", end);
        open(&path, None).load("g").await.unwrap();
        planted(&file, 0o600);
        if chown(&file, Some(OTHER_USER), None).is_err() {
            #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
            {
                eprintln!(
                    "skipped a_file_or_a_link_of_another_user_is_refused_by_name: only root can make such files"
                );
            }
            return;
        }
        let text = refusal(&path).await;
        assert!(text.contains("`chown`") && text.contains(&format!("{} belongs", file.display())), "{text}");
    }
    let folder = Folder::new();
    let (link, real) = (folder.0.join("link"), folder.0.join("real"));
    fs::create_dir(&real).unwrap();
    symlink(&real, &link).unwrap();
    lchown(&link, Some(OTHER_USER), None).unwrap();
    let text = refusal(&link.join("records.sqlite")).await;
    assert!(text.contains("link of another user") && text.contains(link.to_str().unwrap()), "{text}");
    assert!(
        !real.join("records.sqlite").exists()
            || fs::metadata(real.join("records.sqlite")).unwrap().len() == 0
    );
}

#[tokio::test]
async fn no_link_is_followed_into_a_folder_of_others() {
    let folder = Folder::new();
    let open_to_all = folder.0.join("open");
    fs::create_dir(&open_to_all).unwrap();
    fs::set_permissions(&open_to_all, fs::Permissions::from_mode(0o1777)).unwrap();
    let link = folder.0.join("link.sqlite");
    symlink(open_to_all.join("records.sqlite"), &link).unwrap();
    // A link to a link is as bad.
    let second = folder.0.join("second.sqlite");
    symlink(&link, &second).unwrap();
    planted(&open_to_all.join("records.sqlite"), 0o600);
    for path in [&link, &second] {
        let text = refusal(path).await;
        assert!(text.contains("other users can write") && text.contains(link.to_str().unwrap()), "{text}");
    }
    assert_eq!(fs::metadata(open_to_all.join("records.sqlite")).unwrap().len(), 0, "nothing is written");
    // The file itself may lie there: nobody else can replace it.
    open(&open_to_all.join("records.sqlite"), None).load("g").await.unwrap();
}

#[tokio::test]
async fn a_file_that_others_can_read_is_made_ours_alone() {
    let folder = Folder::new();
    let path = folder.0.join("records.sqlite");
    planted(&path, 0o644);
    let store = open(&path, None);
    assert_eq!(store.swap("g", 0, b"x".to_vec(), NEVER).await.unwrap(), Swap::Won);
    for end in ["", "-wal", "-shm"] {
        let mode = fs::metadata(with_end(&folder.0, "records.sqlite", end)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{end}");
    }
}

/// A process whose umask leaves its files either open to all or closed to itself.
#[tokio::test]
async fn the_files_have_their_mode_whatever_the_umask_is() {
    for umask in ["000", "277"] {
        let folder = Folder::new();
        let path = folder.0.join("records.sqlite");
        let mut process = Command::new("sh");
        process.args(["-c", "umask $0 && exec \"$@\"", umask]).arg(std::env::current_exe().unwrap());
        process.args(["--exact", "stores::sqlite::one_swap", "--ignored"]).env(FILE, &path);
        let output = process.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        for entry in fs::read_dir(&folder.0).unwrap() {
            let file = entry.unwrap().path();
            assert_eq!(
                fs::metadata(&file).unwrap().permissions().mode() & 0o777,
                0o600,
                "{}",
                file.display()
            );
        }
        assert!(with_end(&folder.0, "records.sqlite", "-wal").exists(), "its log is there to be looked at");
    }
}

#[tokio::test]
#[ignore = "the process of the test above"]
async fn one_swap() {
    #[expect(clippy::disallowed_methods, reason = "how a test tells its process")]
    let path = std::env::var_os(FILE).map(PathBuf::from);
    // Who runs all ignored tests means others.
    let Some(path) = path else { return };
    let store = open(&path, None);
    assert_eq!(store.swap("g", 0, b"x".to_vec(), NEVER).await.unwrap(), Swap::Won);
    // The last connection to close would remove the log.
    std::mem::forget(store);
}

#[test]
fn options_are_checked() {
    let code = |path: &str, namespace: &str| {
        let options = SqliteOptions { path: path.into(), create: false, namespace: Some(namespace.into()) };
        SqliteStore::new(options).map_err(|error| error.code()).map(|_| ())
    };
    for (path, namespace) in [("", "a"), (":memory:", "a"), ("a", ""), ("a", "a/b")] {
        assert_eq!(code(path, namespace), Err(ErrorCode::Configuration), "{path:?} {namespace:?}");
    }
}

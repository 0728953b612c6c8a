//! Holds the layers: what each may use is checked against its `use` lines.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::is_of_tests;

/// Folders and files of `src`, from the bottom to the top, with what of ours each may name.
const LAYERS: [(&str, &[&str]); 20] = [
    ("secret", &[]),
    ("error", &[]),
    ("clock", &[]),
    ("fingerprint", &[]),
    ("random", &["error"]),
    ("torture", &[]),
    ("environment", &["secret"]),
    ("tls", &["environment", "error", "secret"]),
    ("redis_server", &["environment", "error", "secret", "tls"]),
    ("credential", &["error", "secret"]),
    ("token", &["clock", "secret"]),
    ("http", &["clock", "credential", "environment", "error", "random", "secret", "tls", "token", "http"]),
    ("oauth", &["clock", "credential", "error", "random", "secret", "token", "http", "oauth"]),
    ("limit", &["clock", "environment", "error", "http", "limit", "random", "redis_server", "secret", "tls"]),
    (
        "store",
        &[
            "clock",
            "environment",
            "error",
            "fingerprint",
            "random",
            "redis_server",
            "secret",
            "tls",
            "token",
            "store",
        ],
    ),
    ("once", &["clock", "credential", "error", "http", "once", "random", "store", "token", "torture"]),
    (
        "lifecycle",
        &[
            "once",
            "clock",
            "credential",
            "error",
            "fingerprint",
            "http",
            "lifecycle",
            "oauth",
            "random",
            "secret",
            "store",
            "token",
            "torture",
        ],
    ),
    (
        "client",
        &[
            "client",
            "clock",
            "credential",
            "error",
            "http",
            "lifecycle",
            "once",
            "limit",
            "oauth",
            "random",
            "store",
            "token",
        ],
    ),
    ("binding", &["*"]),
    ("lib", &["*"]),
];

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(source_files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

fn layer_of(file: &Path) -> String {
    let relative = file.strip_prefix(root()).unwrap();
    let first = relative.components().next().unwrap();
    first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The code of a file before its tests, which may use what they need.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned()
}

/// Our modules that a line names: `crate::http::{…}` names `http`.
fn named(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

#[test]
fn no_layer_uses_one_above_it() {
    let mut checked = 0;
    for file in source_files(&root()) {
        if is_of_tests(&file) {
            continue;
        }
        let layer = layer_of(&file);
        let (_, allowed) = LAYERS.iter().find(|(name, _)| *name == layer).unwrap_or_else(|| {
            panic!("{} is in no layer: give `{layer}` its place in the table", file.display())
        });
        for (number, line) in code(&file).lines().enumerate() {
            for module in named(line) {
                assert!(
                    allowed.contains(&"*") || allowed.contains(&module) || module == layer,
                    "{}:{}: {layer} must not use {module}",
                    file.display(),
                    number + 1
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 50, "only {checked} uses were found: the search itself is broken");
}

#[test]
fn only_the_binding_knows_node() {
    for file in source_files(&root()) {
        // lib.rs names the binding, to have it built.
        if !["binding", "lib"].contains(&layer_of(&file).as_str()) {
            let text = code(&file);
            assert!(!text.contains("napi"), "{} says napi", file.display());
        }
    }
}

#[test]
fn only_the_clock_reads_a_clock() {
    for file in source_files(&root()) {
        if layer_of(&file) != "clock" {
            let text = code(&file);
            for reading in ["Instant::now", "SystemTime::now", ".elapsed()"] {
                assert!(!text.contains(reading), "{} says {reading}", file.display());
            }
        }
    }
}

/// What the files of one folder import from each other: `use super::source::…` in `grants.rs` leads to `source`.
fn imports_between_files(folder: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let name = |file: &Path| file.file_stem().unwrap().to_str().unwrap().to_owned();
    let files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| !path.ends_with("mod.rs") && !is_of_tests(path))
        .collect();
    let names: BTreeSet<_> = files.iter().map(|file| name(file)).collect();
    let imports = |file: &PathBuf| {
        let text = code(file);
        let siblings = text.lines().filter_map(|line| line.strip_prefix("use super::"));
        let modules = siblings.map(|rest| rest.split("::").next().unwrap_or_default().to_owned());
        (name(file), modules.filter(|module| names.contains(module)).collect())
    };
    files.iter().map(imports).collect()
}

#[test]
fn no_file_of_what_keeps_tokens_imports_one_that_imports_it() {
    for folder in ["once", "lifecycle"] {
        let mut left = imports_between_files(&root().join(folder));
        assert!(left.values().flatten().count() > 8, "{folder}: the search itself is broken: {left:?}");
        // Takes away the files that import none of those that are left, until there are no more.
        while let Some(lowest) =
            left.iter().find(|(_, imports)| imports.is_empty()).map(|(name, _)| name.clone())
        {
            left.remove(&lowest);
            for imports in left.values_mut() {
                imports.remove(&lowest);
            }
        }
        assert!(left.is_empty(), "{folder} has a circle of imports among {left:?}");
    }
}

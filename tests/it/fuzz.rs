//! The fuzz targets without a fuzzer, on the stable toolchain: each kept input, and inputs that are mutated from those,
//! the same in every run. `npm run fuzz` runs millions.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

#[path = "../../fuzz/checks/api_error.rs"]
mod api_error;
#[path = "../../fuzz/checks/callback_url.rs"]
mod callback_url;
#[path = "../../fuzz/checks/cursor.rs"]
mod cursor;
#[path = "../../fuzz/checks/link_header.rs"]
mod link_header;
#[path = "../../fuzz/checks/loose_json.rs"]
mod loose_json;
#[path = "../../fuzz/checks/path.rs"]
mod path;
#[path = "../../fuzz/checks/retry_after_and_limits.rs"]
mod retry_after_and_limits;
#[path = "../../fuzz/checks/seal.rs"]
mod seal;
#[path = "../../fuzz/checks/stored_record.rs"]
mod stored_record;
#[path = "../../fuzz/checks/token_answer.rs"]
mod token_answer;
#[path = "../../fuzz/checks/webhook.rs"]
mod webhook;

/// How many mutated inputs each check gets.
const MUTATED: u32 = 4000;
/// The longest input that mutations make.
const LONGEST: usize = 1024;

macro_rules! checks {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        mod inputs_that_are_kept_or_mutated_are_read_well {
            $(#[test] fn $name() { super::run(stringify!($name), super::$name::check); })*
        }
    };
}

checks! {
    api_error callback_url cursor link_header loose_json path retry_after_and_limits seal stored_record token_answer webhook
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
}

/// The files or folders in a folder, in the order of their names, which does not differ between machines.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort_unstable();
    entries
}

fn run(name: &str, check: fn(&[u8])) {
    let kept: Vec<_> =
        entries(&folder("corpus").join(name)).iter().map(|file| fs::read(file).unwrap()).collect();
    assert!(kept.len() >= 5, "only {} inputs are kept: the search itself is broken", kept.len());
    for input in &kept {
        check(input);
    }
    let config = Config {
        cases: MUTATED,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..Config::default()
    };
    let place = any::<prop::sample::Index>;
    let edits = vec((0..6_u8, place(), place(), any::<u8>()), 1..8);
    let inputs = (prop::sample::select(kept.clone()), prop::sample::select(kept), edits);
    let inputs = inputs.prop_map(|(input, other, edits)| mutated(input, &other, &edits));
    let outcome = TestRunner::new(config).run(&inputs, |input| {
        check(&input);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

type Edit = (u8, prop::sample::Index, prop::sample::Index, u8);

/// `input` with bytes that are changed, added, removed, repeated, or taken from `other`.
fn mutated(mut input: Vec<u8>, other: &[u8], edits: &[Edit]) -> Vec<u8> {
    for (kind, from, to, byte) in edits {
        let at = from.index(input.len() + 1);
        let end = at + to.index(input.len() - at + 1);
        match kind {
            0 if at < input.len() => input[at] = *byte,
            1 if at < input.len() => input[at] ^= 1 << (byte % 8),
            2 => drop(input.drain(at..end.min(at + usize::from(*byte)))),
            3 => input.extend_from_within(at..end),
            4 => {
                let begin = to.index(other.len() + 1);
                let part = &other[begin..other.len().min(begin + usize::from(*byte))];
                drop(input.splice(at..at, part.iter().copied()));
            }
            _ => input.insert(at, *byte),
        }
        input.truncate(LONGEST);
    }
    input
}

#[test]
fn each_check_has_its_target_and_its_inputs() {
    let names = |name: &str| {
        let entries = entries(&folder(name));
        entries.iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for folder in ["checks", "corpus", "targets"] {
        assert_eq!(names(folder), NAMES, "in fuzz/{folder}");
    }
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for name in NAMES {
        assert!(
            manifest.contains(&format!("path = \"targets/{name}.rs\"")),
            "{name} is not in fuzz/Cargo.toml"
        );
    }
}

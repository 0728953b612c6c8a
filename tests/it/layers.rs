//! Holds the layers to the table in `ARCHITECTURE.md`, and every folder to imports that lead one way only.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::source::{Source, count};

/// What stands for all layers in the table.
const EVERYTHING: &str = "everything";

/// The table: each layer, from the bottom to the top, and what of ours it may use.
fn layers() -> Vec<(&'static str, Vec<&'static str>)> {
    let (_, rest) = include_str!("../../ARCHITECTURE.md").split_once("<!-- layers -->\n").unwrap();
    let (table, _) = rest.split_once("<!-- /layers -->").unwrap();
    let rows = table.lines().filter(|line| !line.trim().is_empty()).skip(2);
    rows.map(|row| {
        let [_, layer, may_use, _] = row.split('|').map(str::trim).collect::<Vec<_>>()[..] else {
            panic!("not a row of two cells: {row}")
        };
        let may_use = may_use.split(',').map(|name| name.trim().trim_matches('`'));
        (layer.trim_matches('`'), may_use.filter(|name| *name != "nothing").collect())
    })
    .collect()
}

/// The layer of a file: the folder of `src` that it is in, or its own name.
fn layer_of(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

#[test]
fn the_table_of_layers_leads_down_only() {
    let layers = layers();
    for (at, (layer, may_use)) in layers.iter().enumerate() {
        for used in may_use.iter().filter(|used| **used != EVERYTHING) {
            let below = layers[..at].iter().any(|(name, _)| name == used);
            assert!(below, "the table lets {layer} use {used}, which does not stand above it");
        }
    }
    assert!(layers.len() > 10, "{} layers were found: the table was not read", layers.len());
}

#[test]
fn each_layer_uses_what_the_table_says() {
    let source = Source::of_crate();
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut wrong = Vec::new();
    let layers: BTreeMap<_, _> = layers().into_iter().collect();
    for module in source.modules() {
        let layer = layer_of(&module.file);
        let used = used.entry(layer.to_owned()).or_default();
        let Some(may_use) = layers.get(layer) else {
            wrong.push(format!("{} is in no layer: give `{layer}` its place in the table", module.file));
            continue;
        };
        for reference in source.references(module) {
            let Some(other) = reference.path.first().filter(|other| *other != layer) else { continue };
            if !may_use.contains(&EVERYTHING) && !may_use.contains(&other.as_str()) {
                wrong.push(format!("{}:{}: {layer} must not use {other}", module.file, reference.line));
            }
            used.insert(other.clone());
        }
    }
    for (layer, may_use) in &layers {
        match used.get(*layer) {
            None => wrong.push(format!("the table has {layer}, which is not there")),
            Some(used) => {
                let needless = may_use.iter().filter(|name| **name != EVERYTHING && !used.contains(**name));
                wrong.extend(needless.map(|name| format!("the table lets {layer} use {name} for nothing")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let found = used.values().flatten().count();
    assert!(found > 50, "only {found} uses were found: the search itself is broken");
}

/// Files that lead to each other by their imports, with the lines at which they do.
fn circles(source: &Source) -> Vec<String> {
    let mut imports: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
    for module in source.modules() {
        let from = imports.entry(&module.file).or_default();
        for reference in source.references(module) {
            if reference.file != module.file {
                from.entry(reference.file).or_insert(reference.line);
            }
        }
    }
    let mut reached = BTreeMap::new();
    for from in imports.keys().copied() {
        let (mut files, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(file) = open.pop() {
            open.extend(imports[file].keys().map(String::as_str).filter(|to| files.insert(*to)));
        }
        reached.insert(from, files);
    }
    let mut circles = BTreeMap::<_, Vec<_>>::new();
    for (from, to) in imports.iter().flat_map(|(from, to)| to.iter().map(move |to| (from, to))) {
        let ((to, line), from) = (to, *from);
        if reached[to.as_str()].contains(from) {
            let members: Vec<_> =
                reached[from].iter().filter(|file| reached[**file].contains(from)).copied().collect();
            circles.entry(members).or_default().push(format!("    {from}:{line} uses {to}"));
        }
    }
    circles.into_iter().map(|(files, lines)| format!("{}\n{}", files.join(" "), lines.join("\n"))).collect()
}

#[test]
fn no_files_use_each_other() {
    let source = Source::of_crate();
    let references = source.modules().map(|module| source.references(module).len()).sum::<usize>();
    assert!(references > 500, "only {references} references were found: the search itself is broken");
    let circles = circles(&source);
    assert!(circles.is_empty(), "{} circles of files:\n{}", circles.len(), circles.join("\n"));
}

#[test]
fn only_the_binding_knows_node() {
    let (binding, rest): (Vec<_>, Vec<_>) = {
        let source = Source::of_crate();
        let says = source.modules().filter(|module| count(&module.code, &["napi"]) > 0);
        says.map(|module| module.file.clone()).partition(|file| layer_of(file) == "binding")
    };
    assert!(binding.len() > 10, "only {binding:?} say napi: the search itself is broken");
    assert!(rest.is_empty(), "{rest:?} say napi");
}

#[test]
fn only_the_clock_reads_a_clock() {
    let readings: [&[&str]; 3] =
        [&["Instant", ":", ":", "now"], &["SystemTime", ":", ":", "now"], &[".", "elapsed"]];
    let source = Source::of_crate();
    let reads =
        source.modules().filter(|module| readings.iter().any(|reading| count(&module.code, reading) > 0));
    let files: Vec<_> = reads.map(|module| module.file.as_str()).collect();
    assert_eq!(files, ["clock.rs"]);
}

/// The source of a crate of these files.
fn source_of(files: &[(&str, &str)]) -> Source {
    Source::read(&|wanted: &Path| {
        files.iter().find(|(file, _)| wanted == Path::new(file)).map(|(_, text)| (*text).to_owned())
    })
}

#[test]
fn what_is_checked_is_all_code_but_that_of_tests() {
    let source = source_of(&[
        ("lib.rs", "mod a; mod b;"),
        (
            "a.rs",
            "#[cfg(test)] mod tests; #[cfg(test)] mod more { use crate::b::tests; }
             // use crate::b::comment;
             fn f() { assert!(super::b::in_a_macro(), \"crate::b::text\"); }
             mod inline { use super::super::b::{grouped, nested::{self, deeper as renamed}}; }
             use crate::b::after_the_tests;",
        ),
        (
            "b/mod.rs",
            "#[cfg(test)] use crate::a; #[cfg(test)] fn g() { crate::a::f() } pub fn in_a_macro() {}",
        ),
    ]);
    let named = |file: &str| {
        let modules = source.modules().filter(|module| module.file == file);
        let references = modules.flat_map(|module| source.references(module));
        references.map(|reference| reference.path.join("::")).collect::<BTreeSet<_>>()
    };
    let expected = ["b::after_the_tests", "b::grouped", "b::in_a_macro", "b::nested", "b::nested::deeper"];
    assert!(named("a.rs").iter().eq(&expected), "{:?}", named("a.rs"));
    assert!(named("b/mod.rs").is_empty(), "{:?}", named("b/mod.rs"));
}

#[test]
fn a_circle_is_found_behind_a_re_export_which_is_none_itself() {
    let of = |a: &str| {
        let front = "mod a; mod b; pub use a::A; pub(crate) use self::b::B;";
        circles(&source_of(&[
            ("lib.rs", "mod x;"),
            ("x/mod.rs", front),
            ("x/a.rs", a),
            ("x/b.rs", "use super::A; struct B(A);"),
        ]))
    };
    assert!(of("pub struct A;").is_empty());
    for a in ["use crate::x::B; pub struct A;", "pub struct A; fn f() { super::B::new() }"] {
        assert_eq!(of(a), ["x/a.rs x/b.rs\n    x/a.rs:1 uses x/b.rs\n    x/b.rs:1 uses x/a.rs"]);
    }
}

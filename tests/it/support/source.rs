//! The crate's source as it is shipped: read along its `mod` lines, without anything under `#[cfg(test)]`.
//!
//! Reads tokens rather than text, so that comments and strings do not count, and macros and nested blocks do.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A module's name as its segments below the crate, such as `["http", "proxy"]`.
type ModuleName = Vec<String>;

/// A module, inline or in a file of its own.
pub(crate) struct Module {
    name: ModuleName,
    /// Its file, relative to `src`.
    pub(crate) file: String,
    /// Its code, without its inline modules.
    pub(crate) code: Vec<TokenTree>,
    /// What its `use` items outside functions bring into scope.
    imported: BTreeMap<String, Vec<String>>,
}

/// A path in the code that leads to a module of the crate.
pub(crate) struct Reference {
    pub(crate) line: usize,
    /// The whole path from the crate's root, as it was written.
    pub(crate) path: Vec<String>,
    /// The file that has what it names, behind all re-exports.
    pub(crate) file: String,
}

/// All modules of the crate.
pub(crate) struct Source {
    modules: BTreeMap<ModuleName, Module>,
}

impl Source {
    /// The source of this crate.
    pub(crate) fn of_crate() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        Self::read(&|file| fs::read_to_string(root.join(file)).ok())
    }

    /// The source that `lib.rs` leads to, where `read` has the text of each file that exists.
    pub(crate) fn read(read: &dyn Fn(&Path) -> Option<String>) -> Self {
        let mut source = Self { modules: BTreeMap::new() };
        source.add_file(read, Vec::new(), Path::new("lib.rs"), Path::new(""));
        source
    }

    /// `folder` holds the files of the module's own modules.
    fn add_file(
        &mut self,
        read: &dyn Fn(&Path) -> Option<String>,
        name: ModuleName,
        file: &Path,
        folder: &Path,
    ) {
        let text = read(file).unwrap_or_else(|| panic!("{} is missing", file.display()));
        let tokens = text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.add(read, name, file, folder, shipped(tokens));
    }

    fn add(
        &mut self,
        read: &dyn Fn(&Path) -> Option<String>,
        name: ModuleName,
        file: &Path,
        folder: &Path,
        tokens: Vec<TokenTree>,
    ) {
        let mut code = Vec::new();
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            let Some(TokenTree::Ident(module)) = tokens.next_if(|_| is(&token, "mod")) else {
                code.push(token);
                continue;
            };
            let module = module.to_string();
            let (child, below) =
                ([name.as_slice(), std::slice::from_ref(&module)].concat(), folder.join(&module));
            if let Some(TokenTree::Group(inline)) = tokens.next() {
                self.add(read, child, file, &below, inline.stream().into_iter().collect());
            } else {
                let files: [PathBuf; 2] = [below.with_extension("rs"), below.join("mod.rs")];
                let file = files.iter().find(|file| read(file).is_some());
                let file = file.unwrap_or_else(|| panic!("module {module} has no file"));
                self.add_file(read, child, file, &below);
            }
        }
        let imported = paths(&code).into_iter().filter_map(|path| Some((path.imported_as?, path.segments)));
        let module = Module {
            file: file.to_str().unwrap().to_owned(),
            imported: imported.collect(),
            code,
            name: name.clone(),
        };
        self.modules.insert(name, module);
    }

    pub(crate) fn modules(&self) -> impl Iterator<Item = &Module> {
        self.modules.values()
    }

    /// What the code of a module names of this crate. A re-export alone names nothing: whoever uses it is taken to
    /// name what it stands for.
    pub(crate) fn references(&self, module: &Module) -> Vec<Reference> {
        let mut used = BTreeSet::new();
        names_outside_imports(&module.code, &mut used);
        let paths = paths(&module.code).into_iter();
        let paths = paths.filter(|path| {
            !path.is_reexport || path.imported_as.as_ref().is_some_and(|name| used.contains(name))
        });
        paths
            .filter_map(|CodePath { segments, line, .. }| {
                let path = self.absolute(module, &segments)?;
                let file = self.file_of(&path, 0)?;
                Some(Reference { line, path, file })
            })
            .collect()
    }

    /// A path that a module's code has, from the crate's root; none if it leads elsewhere.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([&module.name, rest].concat()),
            "super" => {
                let parent = self.modules.get(&module.name[..module.name.len().checked_sub(1)?])?;
                match rest.first().map(String::as_str) {
                    Some("super") => self.absolute(parent, rest),
                    _ => Some([&parent.name, rest].concat()),
                }
            }
            _ => {
                let in_scope = [module.name.as_slice(), std::slice::from_ref(first)].concat();
                let is_ours = self.modules.contains_key(&in_scope)
                    || module.imported.get(first).is_some_and(|import| import[0] != *first);
                is_ours.then(|| [&module.name, path].concat())
            }
        }
    }

    fn file_of(&self, path: &[String], depth: usize) -> Option<String> {
        assert!(depth < 20, "{path:?} leads in a circle of imports");
        let mut module = self.modules.get(&[][..])?;
        for (at, name) in path.iter().enumerate() {
            if let Some(child) = self.modules.get(&path[..=at]) {
                module = child;
            } else if let Some(import) = module.imported.get(name) {
                let import = self.absolute(module, import)?;
                return self.file_of(&[&import, &path[at + 1..]].concat(), depth + 1);
            } else {
                break;
            }
        }
        Some(module.file.clone())
    }
}

/// Whether the code has these tokens one after the other, at any depth, and how often: `["Instant", ":", ":", "now"]`.
pub(crate) fn count(code: &[TokenTree], wanted: &[&str]) -> usize {
    let here = code
        .windows(wanted.len())
        .filter(|tokens| tokens.iter().zip(wanted).all(|(token, wanted)| is(token, wanted)));
    here.count() + groups(code).map(|inner| count(&inner, wanted)).sum::<usize>()
}

fn is(token: &TokenTree, text: &str) -> bool {
    !matches!(token, TokenTree::Group(_)) && token.to_string() == text
}

fn groups(code: &[TokenTree]) -> impl Iterator<Item = Vec<TokenTree>> {
    code.iter().filter_map(|token| match token {
        TokenTree::Group(group) => Some(group.stream().into_iter().collect()),
        _ => None,
    })
}

/// The tokens without what `#[cfg(test)]` stands before: up to a `;`, a `,` or a block, whichever is first.
fn shipped(tokens: TokenStream) -> Vec<TokenTree> {
    let mut kept = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_for_tests = is(&token, "#")
            && tokens.peek().is_some_and(|attribute| attribute.to_string().replace(' ', "") == "[cfg(test)]");
        if is_for_tests {
            let is_end = |token: &TokenTree| match token {
                TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                token => is(token, ";") || is(token, ","),
            };
            tokens.find(is_end);
            continue;
        }
        kept.push(match token {
            TokenTree::Group(group) => {
                let inner = shipped(group.stream()).into_iter().collect();
                TokenTree::Group(Group::new(group.delimiter(), inner))
            }
            token => token,
        });
    }
    kept
}

/// A path in code.
struct CodePath {
    segments: Vec<String>,
    line: usize,
    /// The name that a `use` gives it.
    imported_as: Option<String>,
    /// Whether it is in a `use` that others may use.
    is_reexport: bool,
}

fn paths(code: &[TokenTree]) -> Vec<CodePath> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = code.get(at) {
        let mut next = at + 1;
        if is(token, "use") && !is(&code[next], "<") {
            let is_reexport = is_public(&code[..at]);
            while !is(&code[next], ";") {
                next += 1;
            }
            imports(&code[at + 1..next], &[], is_reexport, &mut found);
        } else if let TokenTree::Group(group) = token {
            found.extend(paths(&group.stream().into_iter().collect::<Vec<_>>()));
        } else if matches!(token, TokenTree::Ident(_)) && !(at > 1 && is_separator(&code[at - 2..])) {
            let mut segments = vec![token.to_string()];
            while is_separator(&code[next..]) && matches!(code.get(next + 2), Some(TokenTree::Ident(_))) {
                segments.push(code[next + 2].to_string());
                next += 3;
            }
            if segments.len() > 1 {
                let line = token.span().start().line;
                found.push(CodePath { segments, line, imported_as: None, is_reexport: false });
            }
        }
        at = next;
    }
    found
}

/// Whether these end with `pub` or `pub(…)`.
fn is_public(code: &[TokenTree]) -> bool {
    match code {
        [.., word, TokenTree::Group(scope)] if scope.delimiter() == Delimiter::Parenthesis => is(word, "pub"),
        [.., word] => is(word, "pub"),
        [] => false,
    }
}

/// Adds the paths of what stands between `use` and `;`, or of a part of it below `prefix`.
fn imports(tree: &[TokenTree], prefix: &[String], is_reexport: bool, found: &mut Vec<CodePath>) {
    let Some(TokenTree::Ident(first)) = tree.first() else { return };
    let line = first.span().start().line;
    let mut segments = [prefix, &[first.to_string()]].concat();
    let rest = &tree[1..];
    if is_separator(rest) {
        match &rest[2] {
            TokenTree::Group(group) => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                for tree in inner.split(|token| is(token, ",")) {
                    imports(tree, &segments, is_reexport, found);
                }
            }
            TokenTree::Punct(_) => {
                found.push(CodePath { segments, line, imported_as: None, is_reexport });
            }
            _ => imports(&rest[2..], &segments, is_reexport, found),
        }
        return;
    }
    if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
        segments.pop();
    }
    let imported_as = rest.last().map_or_else(|| segments[segments.len() - 1].clone(), ToString::to_string);
    found.push(CodePath { segments, line, imported_as: Some(imported_as), is_reexport });
}

/// Whether these begin with `::`.
fn is_separator(code: &[TokenTree]) -> bool {
    code.len() > 1 && is(&code[0], ":") && is(&code[1], ":")
}

fn names_outside_imports(code: &[TokenTree], names: &mut BTreeSet<String>) {
    let mut tokens = code.iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(name) if name == "use" => drop(tokens.find(|token| is(token, ";"))),
            TokenTree::Ident(name) => drop(names.insert(name.to_string())),
            TokenTree::Group(group) => {
                names_outside_imports(&group.stream().into_iter().collect::<Vec<_>>(), names);
            }
            _ => {}
        }
    }
}

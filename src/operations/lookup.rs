//! Finds operations by method and path, or by name.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::operation::Operation;
use super::paths::Paths;
use super::table::OPERATIONS;
use crate::error::{Error, Result};

/// The operations by method and the number of their path.
struct Index {
    paths: Paths,
    operations: HashMap<(&'static str, usize), &'static Operation>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut paths = Paths::default();
    let mut operations = HashMap::new();
    for operation in OPERATIONS {
        let path = paths.plant(Cow::Borrowed(operation.path()));
        operations.insert((operation.method(), path), operation);
    }
    Index { paths, operations }
});

/// All operations, sorted by path.
pub fn all() -> &'static [Operation] {
    OPERATIONS
}

/// Returns the operation to which a request belongs. `path` is below the root of the API, and has values or `{name}`s in
/// the places of its parameters. A `HEAD` belongs to the `GET` of the same path.
pub fn find(method: &str, path: &str) -> Option<&'static Operation> {
    let (path, _) = INDEX.paths.find(path)?;
    let method = if method == "HEAD" { "GET" } else { method };
    INDEX.operations.get(&(method, path)).copied()
}

/// Returns the content type of JSON that such a request sends.
pub fn json_type(method: &str, path: &str) -> &'static str {
    find(method, path).map_or("application/json", Operation::json_type)
}

/// Returns the operation with this name, such as `GET /jobs/{id}` or `GET /jobs/1`. Fails with [`Error::Configuration`]
/// that names `field` if the text is not a name.
pub fn find_by_name(field: &str, name: &str) -> Result<Option<&'static Operation>> {
    let split = name.split_once(' ').filter(|(method, path)| is_method(method) && is_path(path));
    let (method, path) = split.ok_or_else(|| {
        let problem =
            "must be a method in capitals, a blank and a path without a query, such as `GET /jobs/{id}`";
        Error::configuration(field.to_owned(), problem)
    })?;
    Ok(find(method, path))
}

fn is_method(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_path(text: &str) -> bool {
    let is_stray = |character: char| {
        character.is_whitespace() || character.is_control() || matches!(character, '?' | '#' | '\\')
    };
    text.starts_with('/') && !text.contains("//") && !text.contains(is_stray)
}

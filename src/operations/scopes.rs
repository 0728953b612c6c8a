//! Which scopes operations need. Pure.

use std::collections::BTreeSet;

use super::lookup::{all, find_by_name};
use super::operation::{Access, Operation};
use super::paths::is_parameter;
use crate::error::{Error, Result};
use crate::spelling::distance;

/// Scopes of which a token needs one. The first is the narrowest.
pub type Requirement = &'static [&'static str];

/// How many letters of an operation's name may be wrong for another one to be suggested.
const MISSPELT: usize = 3;

/// Returns the requirements of `operation` that the scopes of a token do not meet. `None` if its scopes are not
/// documented.
pub fn unmet(operation: &Operation, granted: &[String]) -> Option<Vec<Requirement>> {
    let is_unmet = |requirement: &&Requirement| {
        !requirement.iter().any(|scope| granted.iter().any(|granted| granted == scope))
    };
    if operation.access() == Access::Public {
        return Some(Vec::new());
    }
    Some(operation.required_scopes()?.iter().filter(is_unmet).copied().collect())
}

/// Returns the scopes in `given` and those that the operations need besides, sorted. Fails with [`Error::Configuration`]
/// that names an entry of `for` whose scopes are not known.
pub fn needed_scopes(operations: &[String], given: &[String]) -> Result<Vec<String>> {
    let mut needed: BTreeSet<&str> = given.iter().map(String::as_str).collect();
    let mut choices: Vec<Requirement> = Vec::new();
    for (at, name) in operations.iter().enumerate() {
        for requirement in requirements(&format!("for[{at}]"), name)? {
            match requirement {
                [scope] => {
                    needed.insert(scope);
                }
                _ => choices.push(requirement),
            }
        }
    }
    // Last, since a scope that is needed anyway decides between alternatives.
    for requirement in choices {
        if !requirement.iter().any(|scope| needed.contains(scope)) {
            needed.extend(requirement.first());
        }
    }
    if needed.is_empty() {
        return Err(Error::configuration(
            "for",
            "names only operations that need no scope; leave it out, since nothing would be requested by name",
        ));
    }
    Ok(needed.into_iter().map(str::to_owned).collect())
}

/// The requirements of the operation with this name.
fn requirements(field: &str, name: &str) -> Result<&'static [Requirement]> {
    let refused = |problem: String| Err(Error::configuration(field.to_owned(), problem));
    let Some(operation) = find_by_name(field, name)? else {
        return refused(match similar(name) {
            Some(similar) => format!("is not a known operation; did you mean `{similar}`?"),
            None => "is not a known operation; leave it out, and name its scopes in `scopes`".to_owned(),
        });
    };
    let name = operation.name();
    match (operation.access(), operation.required_scopes()) {
        (Access::Public, _) => Ok(&[]),
        (Access::Partner, _) => {
            refused(format!("`{name}` takes only the API key of a partner, so no scope allows it"))
        }
        (Access::Customer | Access::Token, Some(scopes)) => Ok(scopes),
        (Access::Customer | Access::Token, None) => refused(format!(
            "the scopes of `{name}` are not documented; leave it out, and name them in `scopes`"
        )),
    }
}

/// The operation whose name is nearly the same, whatever its parameters are called.
fn similar(name: &str) -> Option<&'static str> {
    let wanted = without_parameters(name);
    all()
        .iter()
        .map(|operation| (without_parameters(operation.name()), operation.name()))
        .filter(|(known, _)| known.len().abs_diff(wanted.len()) <= MISSPELT)
        .map(|(known, name)| (distance(&known, &wanted), name))
        .min()
        .filter(|(letters, _)| *letters <= MISSPELT)
        .map(|(_, name)| name)
}

fn without_parameters(name: &str) -> String {
    let segments = name.split('/').map(|segment| if is_parameter(segment) { "{}" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

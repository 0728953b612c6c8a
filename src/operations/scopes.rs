//! Which scopes of an operation a token lacks. Pure.

use super::operation::{Access, Operation};

/// Scopes of which a token needs one. The first is the narrowest.
pub type Requirement = &'static [&'static str];

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

//! Warns of deprecated operations, once in this process for each of them.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::operations::Operation;
use crate::warning::{WarningKind, warn_process};

/// The names of the operations that were warned of.
static WARNED: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());

/// Warns the user of this process if the operation is deprecated, unless that was done before.
pub(super) fn warn_if_deprecated(operation: &'static Operation) {
    if operation.is_deprecated()
        && WARNED.lock().unwrap_or_else(PoisonError::into_inner).insert(operation.name())
    {
        warn_process(WarningKind::Deprecated, message(operation));
    }
}

fn message(operation: &Operation) -> String {
    let name = operation.name();
    match operation.successor() {
        Some(successor) => format!("SmartRecruiters calls {name} deprecated; use {successor} instead"),
        None => format!("SmartRecruiters calls {name} deprecated"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{all, find};

    #[test]
    fn the_message_names_the_operation_and_its_successor() {
        let replaced = message(find("GET", "/users/7").unwrap());
        assert_eq!(
            replaced,
            "SmartRecruiters calls GET /users/{id} deprecated; use GET /user-api/v201804/users/{id} instead"
        );
        let alone = message(find("GET", "/v1/configs").unwrap());
        assert_eq!(alone, "SmartRecruiters calls GET /v1/configs deprecated");
    }

    #[test]
    fn every_successor_is_an_operation_that_is_not_deprecated() {
        let successors: Vec<_> = all().iter().filter_map(Operation::successor).collect();
        for successor in &successors {
            let operation = all().iter().find(|operation| operation.name() == *successor).unwrap();
            assert!(!operation.is_deprecated(), "{successor}");
        }
        assert!(successors.len() > 15, "{successors:?}");
    }
}

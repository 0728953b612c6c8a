//! The vendor's operations: which there are, what a token needs for each, how lists are paged, and which limits differ
//! from the usual ones. `table.rs` is generated from `api/operations.tsv`, which is the only source of these facts.

mod lookup;
mod operation;
mod paths;
mod scopes;
mod table;
#[cfg(test)]
mod tests;

pub use lookup::{all, find, find_by_name, json_type};
pub use operation::{Access, Operation, PageRules, PageStyle};
pub use paths::{Paths, is_parameter};
pub use scopes::{Requirement, unmet};

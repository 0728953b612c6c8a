//! Variables of the environment. A worker thread of Node has an environment of its own, which only JavaScript can read.

use napi_derive::napi;

use crate::environment::{NAMES, Variables};
use crate::secret::Secret;

/// Returns the names of the environment variables that the core reads.
#[napi(catch_unwind)]
pub fn environment_variables() -> Vec<&'static str> {
    NAMES.to_vec()
}

/// The environment of a thread, from alternating names and values.
pub(crate) fn given(variables: Vec<String>) -> Variables {
    let mut variables = variables.into_iter();
    let pair = || Some((variables.next()?, Secret::new(variables.next()?)));
    Variables::Given(std::iter::from_fn(pair).collect())
}

//! [`either`]: results of synchronous functions.

use napi::bindgen_prelude::Either;

use super::error::NativeError;
use crate::error::Result;

/// The result of a synchronous function as JavaScript gets it: the value, or a record of the error.
pub(crate) fn either<T>(result: Result<T>) -> Either<T, NativeError> {
    result.map_or_else(|error| Either::B(NativeError::from(&error)), Either::A)
}

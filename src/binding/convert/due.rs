//! [`NativeDue`]: where a record stands in the order of a store.

use napi_derive::napi;

use super::number::{number, whole};
use crate::store::Due;

/// A record's place in the order of what is due.
#[napi(object)]
pub struct NativeDue {
    /// When the record next needs attention, in milliseconds since the Unix epoch.
    pub due: f64,
    /// The record's id.
    pub id: String,
}

impl From<Due> for NativeDue {
    fn from(Due { due, id }: Due) -> Self {
        Self { due: number(due), id }
    }
}

impl From<NativeDue> for Due {
    fn from(NativeDue { due, id }: NativeDue) -> Self {
        Self { due: whole(due), id }
    }
}

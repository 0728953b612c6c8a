//! [`sealing`]: the keys that seal records.

use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::store::{Sealing, SealingKey};

/// How records are sealed: with `keys`, or not at all if the list is empty.
pub(crate) fn sealing(keys: Vec<String>) -> Result<Sealing> {
    if keys.is_empty() {
        return Ok(Sealing::Plain);
    }
    let is_list = keys.len() > 1;
    let read = |(index, key): (usize, String)| {
        SealingKey::new(&Secret::new(key)).map_err(|error| match error {
            Error::Configuration { problem, .. } if is_list => {
                Error::configuration(format!("encryptionKey[{index}]"), problem)
            }
            other => other,
        })
    };
    keys.into_iter().enumerate().map(read).collect::<Result<_>>().map(Sealing::Keys)
}

//! [`Room`]: memory of JavaScript's that the core writes to, on its own thread.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use napi::bindgen_prelude::Uint8Array;

/// Whether an environment, and so its memory, is still there. Held while that memory is written to.
pub(super) type Alive = Arc<Mutex<bool>>;

/// An array that nobody else touches until it is filled.
pub(super) struct Room {
    /// Keeps its memory from being collected.
    array: Uint8Array,
    alive: Alive,
}

impl Room {
    /// `alive` is that of the array's own environment.
    pub(super) fn new(array: Uint8Array, alive: Alive) -> Self {
        Self { array, alive }
    }

    /// Its size in bytes.
    pub(super) fn len(&self) -> usize {
        self.array.len()
    }

    /// Writes `parts`, which must fit, from the beginning on; says how many bytes they are.
    pub(super) fn fill(&mut self, parts: &[Bytes]) -> usize {
        let alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        if !*alive {
            return 0;
        }
        // SAFETY: the array is referenced, so that it is not collected; its environment is there, and goes only once
        // we let go of `alive`; JavaScript does not touch the array before the call that it was made for has ended.
        #[expect(unsafe_code, reason = "JavaScript could write to it, too")]
        let mut rest = unsafe { self.array.as_mut() };
        let mut length = 0;
        for part in parts {
            let (place, after) = rest.split_at_mut(part.len());
            place.copy_from_slice(part);
            length += part.len();
            rest = after;
        }
        length
    }
}

//! [`Room`]: memory of JavaScript's that the core writes to, on its own thread.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use napi::bindgen_prelude::{FromNapiValue, ToNapiValue, Uint8Array};
use napi::{Env, check_status, sys};

/// Whether an environment, and so its memory, is still there. Held while that memory is written to.
pub(super) type Alive = Arc<Mutex<bool>>;

/// An array that the core fills. It is made here, and JavaScript gets it only once it is filled, so that nothing there
/// can transfer, detach or resize its memory meanwhile, which no thread but JavaScript's own could notice.
pub(super) struct Room {
    /// Keeps its memory from being collected.
    array: Uint8Array,
    alive: Alive,
}

impl Room {
    /// `length` bytes of JavaScript's memory, not filled with zeros. `alive` is that of `env`.
    pub(super) fn new(env: Env, length: usize, alive: Alive) -> napi::Result<Self> {
        let (mut data, mut buffer) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: `env` is the environment that napi called us with, the pointers are places for its answers. A
        // `Buffer` is a `Uint8Array`, here of memory of its own.
        #[expect(unsafe_code, reason = "napi's own wrapper fills it with zeros first")]
        let array = unsafe {
            check_status!(sys::napi_create_buffer(env.raw(), length, &raw mut data, &raw mut buffer))?;
            Uint8Array::from_napi_value(env.raw(), buffer)?
        };
        Ok(Self { array, alive })
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
        // we let go of `alive`; JavaScript does not have the array yet.
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

    /// The first `length` bytes, which `fill` wrote. What it wrote them to can be filled again.
    pub(super) fn filled(&self, length: usize) -> &[u8] {
        &self.array[..length]
    }

    /// The first `length` bytes, which `fill` wrote, as an array of JavaScript's. On Node's thread.
    pub(super) fn into_filled(self, env: sys::napi_env, length: usize) -> napi::Result<sys::napi_value> {
        let (mut data, mut buffer, mut filled) =
            (std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut());
        let (mut offset, mut kind) = (0, 0);
        // SAFETY: `env` is the environment that napi called us with, which is the array's own; the pointers are places
        // for its answers; the part lies within the array.
        #[expect(unsafe_code, reason = "napi has no wrapper for a part of an array")]
        unsafe {
            let whole = Uint8Array::to_napi_value(env, self.array)?;
            let mut whole_length = 0;
            check_status!(sys::napi_get_typedarray_info(
                env,
                whole,
                &raw mut kind,
                &raw mut whole_length,
                &raw mut data,
                &raw mut buffer,
                &raw mut offset
            ))?;
            check_status!(sys::napi_create_typedarray(
                env,
                sys::TypedarrayType::uint8_array,
                length.min(whole_length),
                buffer,
                offset,
                &raw mut filled
            ))?;
        }
        Ok(filled)
    }
}

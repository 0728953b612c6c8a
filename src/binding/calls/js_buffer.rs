//! [`JsBuffer`]: JavaScript's memory, which the core fills on its own thread.

use std::sync::{Arc, Mutex, PoisonError};

use napi::bindgen_prelude::{FromNapiValue, ToNapiValue, Uint8Array};
use napi::{Env, check_status, sys};

use crate::http::BodySink;

/// Whether an environment, and so its memory, is still there. The lock is held while that memory is written to.
pub(crate) type Alive = Arc<Mutex<bool>>;

/// An array that the core fills. JavaScript gets it only once it is filled: until then JavaScript could transfer, detach
/// or resize the memory, and no thread but its own would notice.
pub(crate) struct JsBuffer {
    /// The array itself. The reference keeps its memory from being collected.
    array: Uint8Array,
    /// How many bytes were written.
    filled: usize,
    alive: Alive,
}

impl JsBuffer {
    /// Allocates `length` bytes of JavaScript's memory, which are not filled with zeros. `alive` is that of `env`.
    pub(crate) fn new(env: Env, length: usize, alive: Alive) -> napi::Result<Self> {
        let (mut data, mut buffer) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: `env` is the environment that napi called us with, the pointers are places for its answers. A
        // `Buffer` is a `Uint8Array`, here of memory of its own.
        #[expect(unsafe_code, reason = "napi's own wrapper fills it with zeros first")]
        let array = unsafe {
            check_status!(sys::napi_create_buffer(env.raw(), length, &raw mut data, &raw mut buffer))?;
            Uint8Array::from_napi_value(env.raw(), buffer)?
        };
        Ok(Self { array, filled: 0, alive })
    }

    /// The size in bytes.
    pub(crate) fn len(&self) -> usize {
        self.array.len()
    }

    /// The bytes that were written.
    pub(crate) fn filled(&self) -> &[u8] {
        &self.array[..self.filled]
    }

    /// Forgets what was written, so that the buffer can be filled again.
    pub(crate) fn clear(&mut self) {
        self.filled = 0;
    }

    /// The bytes that were written, as a JavaScript array over the same memory. Runs on Node's thread.
    pub(crate) fn into_filled(self, env: sys::napi_env) -> napi::Result<sys::napi_value> {
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
                self.filled.min(whole_length),
                buffer,
                offset,
                &raw mut filled
            ))?;
        }
        Ok(filled)
    }
}

impl BodySink for JsBuffer {
    fn room(&self) -> usize {
        self.len() - self.filled
    }

    /// Writes nothing if the environment has ended.
    fn write(&mut self, bytes: &[u8]) {
        let alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        let end = self.filled + bytes.len();
        if *alive {
            // SAFETY: the array is referenced, so that it is not collected; its environment is there, and goes only once
            // we release `alive`; JavaScript does not have the array yet.
            #[expect(unsafe_code, reason = "napi cannot know that JavaScript does not have the array")]
            let place = unsafe { self.array.as_mut() };
            place[self.filled..end].copy_from_slice(bytes);
        }
        self.filled = end;
    }
}

/// Copies `bytes` into a new `Uint8Array`. An array that refers to them where they are would save the copy, but they
/// would then stay until a finalizer runs, and a fast download does not wait for that.
pub(crate) fn copied(env: sys::napi_env, bytes: &[u8]) -> napi::Result<sys::napi_value> {
    let (mut data, mut buffer, mut array) =
        (std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut());
    let length = bytes.len();
    // SAFETY: `env` is the environment that napi called us with, the pointers are places for its answers.
    #[expect(unsafe_code, reason = "napi's wrappers refer to every buffer")]
    let status = unsafe { sys::napi_create_arraybuffer(env, length, &raw mut data, &raw mut buffer) };
    check_status!(status)?;
    // SAFETY: `data` is the new buffer's memory: `length` bytes that nothing else has yet, or null if `length` is 0.
    // `buffer` belongs to this environment and is `length` bytes long.
    #[expect(unsafe_code, reason = "as above")]
    let status = unsafe {
        if length > 0 {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), data.cast::<u8>(), length);
        }
        sys::napi_create_typedarray(env, sys::TypedarrayType::uint8_array, length, buffer, 0, &raw mut array)
    };
    check_status!(status)?;
    Ok(array)
}

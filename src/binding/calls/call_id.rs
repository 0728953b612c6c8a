//! [`CallId`]: which call a result belongs to.

use std::marker::PhantomData;

use napi::bindgen_prelude::FromNapiValue;
use napi::sys;

/// The number of a call that resolves with a `T`. The same type in `index.d.ts` (see `src/binding/header.d.ts`) tells
/// TypeScript what the call's promise resolves with, so that both compilers check each result.
pub struct CallId<T> {
    number: u32,
    result: PhantomData<fn(T)>,
}

impl<T> CallId<T> {
    pub(super) fn number(&self) -> u32 {
        self.number
    }
}

impl<T> FromNapiValue for CallId<T> {
    #[expect(unsafe_code, reason = "the trait's signature")]
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        // SAFETY: the caller vouches for both, as it does for ours.
        let number = unsafe { u32::from_napi_value(env, value) }?;
        Ok(Self { number, result: PhantomData })
    }
}

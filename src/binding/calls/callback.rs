//! [`callback`]: a JavaScript function that any thread can call.

use napi::Status;
use napi::bindgen_prelude::{FnArgs, Function, ToNapiValue};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};

/// Makes `function` callable from any thread. A call returns at once, and `function` runs on Node's thread soon
/// afterwards. This keeps no process alive. A call returns false if the environment of `function` has ended.
pub(crate) fn callback<T: ToNapiValue + Send + 'static>(
    function: Function<'_, FnArgs<(T,)>, ()>,
) -> napi::Result<impl Fn(T) -> bool + Send + Sync + 'static> {
    let function: ThreadsafeFunction<T, (), FnArgs<(T,)>, Status, false, true> = function
        .build_threadsafe_function::<T>()
        .weak::<true>()
        .callee_handled::<false>()
        .build_callback(|context| Ok(FnArgs::from((context.value,))))?;
    Ok(move |value| function.call(value, ThreadsafeFunctionCallMode::NonBlocking) == Status::Ok)
}

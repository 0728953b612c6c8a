//! Calls from JavaScript: how they start, how they run on the core's thread, and how their results get back.
//!
//! Nothing here knows what a call does or what its result is. The files beside this folder do, one for each subject.

mod call_id;
mod callback;
mod js_buffer;
mod outcome;
mod queue;
mod results;
mod runtime;

pub(super) use call_id::CallId;
pub(super) use callback::callback;
pub(super) use js_buffer::{JsBuffer, copied};
pub(super) use outcome::{Body, NativeAnswer, Text};
pub(super) use queue::NativeCompletions;
pub(super) use runtime::spawn;

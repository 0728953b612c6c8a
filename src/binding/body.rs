//! Bodies that are transferred in parts: [`NativeBody`] of a response, [`NativeUpload`] of a request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use napi::bindgen_prelude::{ToNapiValue, Uint8Array};
use napi::{Env, sys};
use napi_derive::napi;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::calls::{CallId, JsBuffer, NativeCompletions, copied};
use crate::client::OpenBody;
use crate::http::{BodySink as _, RequestBody, StreamedBody, Upload, streamed_body};

/// How much of a body is read at once.
#[napi(object, object_to_js = false)]
pub struct NativeRead {
    /// The most bytes to read.
    pub length: u32,
}

/// The result of reading a part of a body. `buffer` is `None` at the end of the body.
pub struct Part {
    buffer: Option<JsBuffer>,
    /// Receives the buffer again if its bytes were copied.
    buffers: Arc<Mutex<Buffers>>,
}

/// The buffers that are left for the next read.
#[derive(Default)]
struct Buffers {
    /// A buffer that the previous read did not need.
    spare: Option<JsBuffer>,
    /// Whether the next read must make two buffers, because the previous one had none for reading ahead.
    needs_two: bool,
}

impl ToNapiValue for Part {
    /// The bytes as a JavaScript array, or undefined at the end of the body. A short part is copied, so that it holds
    /// little memory and its buffer serves the next read.
    #[expect(unsafe_code, reason = "the trait's signature")]
    unsafe fn to_napi_value(env: sys::napi_env, part: Self) -> napi::Result<sys::napi_value> {
        let Self { buffer, buffers } = part;
        let Some(mut buffer) = buffer else {
            // SAFETY: the caller vouches for `env`.
            return unsafe { <()>::to_napi_value(env, ()) };
        };
        if buffer.filled().len() >= buffer.len() / 4 {
            return buffer.into_filled(env);
        }
        let bytes = copied(env, buffer.filled());
        buffer.clear();
        lock(&buffers).spare = Some(buffer);
        bytes
    }
}

/// The body of a response that is still to be read.
#[napi]
pub struct NativeBody {
    reading: Arc<tokio::sync::Mutex<Reading>>,
    cancelled: Arc<Notify>,
    /// Reads on while JavaScript processes the part before.
    ahead: Arc<Mutex<Option<AbortHandle>>>,
    buffers: Arc<Mutex<Buffers>>,
}

/// An open body, and the part of it that is being read, perhaps before JavaScript asks for it.
struct Reading {
    body: Option<OpenBody>,
    part: Option<JsBuffer>,
}

impl NativeBody {
    pub(super) fn new(body: OpenBody) -> Self {
        Self {
            reading: Arc::new(tokio::sync::Mutex::new(Reading { body: Some(body), part: None })),
            cancelled: Arc::default(),
            ahead: Arc::default(),
            buffers: Arc::default(),
        }
    }
}

impl Drop for NativeBody {
    /// Stops reading ahead when the body is garbage-collected, which closes its connection.
    fn drop(&mut self) {
        stop(&self.ahead);
    }
}

#[napi]
impl NativeBody {
    /// Reads the next part, up to `most.length` bytes: what arrives next, and whatever else has arrived by then. Resolves
    /// with the bytes, or with undefined at the end of the body. If the part was read ahead, the limit is that of the previous
    /// read.
    ///
    /// The core writes the bytes to JavaScript's memory on its own thread, since copying a fast download takes longer
    /// than everything else that is done for it. That memory is allocated here, so that JavaScript cannot take it away
    /// meanwhile.
    #[napi(catch_unwind)]
    pub fn read(
        &self,
        env: Env,
        completions: &NativeCompletions,
        #[napi(ts_arg_type = "CallId<Bytes | undefined>")] call_id: CallId<Part>,
        most: NativeRead,
    ) -> napi::Result<()> {
        let (reading, cancelled) = (Arc::clone(&self.reading), Arc::clone(&self.cancelled));
        let (ahead, buffers) = (Arc::clone(&self.ahead), Arc::clone(&self.buffers));
        let length = most.length.max(1) as usize;
        let new = || JsBuffer::new(env, length, completions.alive());
        let fresh = {
            let mut left = lock(&buffers);
            let spare = left.spare.take().filter(|spare| spare.len() == length);
            if std::mem::take(&mut left.needs_two) {
                left.spare = Some(new()?);
            }
            spare.map_or_else(new, Ok)?
        };
        completions.start(env, call_id, async move {
            stop(&ahead);
            let mut open = reading.lock().await;
            let Reading { body, part } = &mut *open;
            let mut fresh = Some(fresh);
            // The buffer stays in `part` until it is handed over, so that a stopped read loses nothing.
            let (Some(from), Some(buffer)) = (body.as_mut(), part.take().or_else(|| fresh.take())) else {
                return Ok(Part { buffer: None, buffers });
            };
            let buffer = part.insert(buffer);
            let read = async {
                if buffer.filled().is_empty() {
                    from.read(buffer).await
                } else {
                    from.top_up(buffer).await;
                    Ok(true)
                }
            };
            let is_open = tokio::select! {
                biased;
                () = cancelled.notified() => Ok(false),
                is_open = read => is_open,
            };
            if !matches!(is_open, Ok(true)) {
                // Its connection is free, or lost.
                *body = None;
                *part = None;
            }
            is_open?;
            let buffer = part.take();
            if buffer.as_ref().is_some_and(|part| part.room() == 0) {
                // The part is full, so more of the body is probably on its way.
                *part = fresh.or_else(|| lock(&buffers).spare.take());
                if part.is_some() {
                    *lock(&ahead) = Some(read_ahead(Arc::clone(&reading)));
                } else {
                    lock(&buffers).needs_two = true;
                }
            }
            Ok(Part { buffer, buffers })
        })
    }

    /// Discards the rest of the body, even during a read, which then finds the end. Resolves when the connection is
    /// closed.
    #[napi(catch_unwind)]
    pub fn cancel(&self, env: Env, completions: &NativeCompletions, call_id: CallId<()>) -> napi::Result<()> {
        self.cancelled.notify_one();
        stop(&self.ahead);
        let (reading, ahead) = (Arc::clone(&self.reading), Arc::clone(&self.ahead));
        completions.start(env, call_id, async move {
            // A read that was about to end when this began may have started to read ahead, which nothing else stops.
            stop(&ahead);
            *reading.lock().await = Reading { body: None, part: None };
            Ok(())
        })
    }
}

/// Fills the part that follows, while JavaScript processes the one before.
fn read_ahead(reading: Arc<tokio::sync::Mutex<Reading>>) -> AbortHandle {
    let reading = tokio::spawn(async move {
        if let Reading { body: Some(body), part: Some(part) } = &mut *reading.lock().await {
            body.fill(part).await;
        }
    });
    reading.abort_handle()
}

fn stop(ahead: &Mutex<Option<AbortHandle>>) {
    if let Some(reading) = lock(ahead).take() {
        reading.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The body of a request, which is written in parts.
#[napi]
pub struct NativeUpload {
    upload: Arc<tokio::sync::Mutex<Option<Upload>>>,
    body: Mutex<Option<StreamedBody>>,
    length: Option<u64>,
}

/// Makes a body that is written in parts. `length` is the length of all parts together in bytes, if it is known.
#[napi(catch_unwind)]
pub fn create_upload(length: Option<i64>) -> NativeUpload {
    let (upload, body) = streamed_body();
    NativeUpload {
        upload: Arc::new(tokio::sync::Mutex::new(Some(upload))),
        body: Mutex::new(Some(body)),
        length: length.and_then(|length| u64::try_from(length).ok()),
    }
}

impl NativeUpload {
    /// The end that a request reads. It can be taken once; a second request gets an empty body.
    pub(super) fn body(&self) -> RequestBody {
        let body = lock(&self.body).take();
        body.map_or(RequestBody::Empty, |body| RequestBody::Stream(body, self.length))
    }
}

#[napi]
impl NativeUpload {
    /// Writes a part. Resolves when there is room for the next one: with true, or with false if the request no longer
    /// reads its body.
    #[napi(catch_unwind)]
    pub fn write(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<bool>,
        part: Uint8Array,
    ) -> napi::Result<()> {
        let upload = Arc::clone(&self.upload);
        // JavaScript may change its array as soon as this function returns.
        let part = Bytes::copy_from_slice(&part);
        completions.start(env, call_id, async move {
            let mut upload = upload.lock().await;
            let Some(open) = upload.as_mut() else { return Ok(false) };
            Ok(open.write(part).await)
        })
    }

    /// Discards the body if no request has taken it: `write` then resolves with false.
    #[napi(catch_unwind)]
    pub fn discard(&self) {
        drop(self.body());
    }

    /// Ends the body. If `whole` is false, the body is cut off, so that the server does not take it for a complete one.
    /// Resolves when that is done.
    #[napi(catch_unwind)]
    pub fn end(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<()>,
        whole: bool,
    ) -> napi::Result<()> {
        let upload = Arc::clone(&self.upload);
        completions.start(env, call_id, async move {
            if let Some(open) = upload.lock().await.take()
                && whole
            {
                open.finish();
            }
            Ok(())
        })
    }
}

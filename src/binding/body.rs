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
use crate::http::{RequestBody, StreamedBody, Upload, streamed_body};

/// How much of a body is read at once.
#[napi(object, object_to_js = false)]
pub struct NativeRead {
    /// The most bytes to read.
    pub length: u32,
}

/// The part of a body that was read.
pub struct Part {
    buffer: JsBuffer,
    length: usize,
    /// Where the buffer goes if JavaScript does not get it.
    spare: Spare,
}

/// A buffer that is left from the read before.
type Spare = Arc<Mutex<Option<JsBuffer>>>;

impl ToNapiValue for Part {
    /// The bytes as a JavaScript array, or undefined at the end of the body. A short part is copied, so that it holds
    /// little memory and its buffer serves the next read.
    #[expect(unsafe_code, reason = "the trait's signature")]
    unsafe fn to_napi_value(env: sys::napi_env, part: Self) -> napi::Result<sys::napi_value> {
        let Self { buffer, length, spare } = part;
        if length >= (buffer.len() / 4).max(1) {
            return buffer.into_filled(env, length);
        }
        let bytes = if length == 0 {
            // SAFETY: the caller vouches for `env`.
            unsafe { <()>::to_napi_value(env, ()) }
        } else {
            copied(env, buffer.filled(length))
        };
        *lock(&spare) = Some(buffer);
        bytes
    }
}

/// The body of a response that is still to be read.
#[napi]
pub struct NativeBody {
    body: Arc<tokio::sync::Mutex<Option<OpenBody>>>,
    cancelled: Arc<Notify>,
    /// Reads on while JavaScript processes the part before.
    ahead: Arc<Mutex<Option<AbortHandle>>>,
    spare: Spare,
}

impl NativeBody {
    pub(super) fn new(body: OpenBody) -> Self {
        Self {
            body: Arc::new(tokio::sync::Mutex::new(Some(body))),
            cancelled: Arc::default(),
            ahead: Arc::default(),
            spare: Arc::default(),
        }
    }

    fn stop_ahead(&self) {
        if let Some(reading) = lock(&self.ahead).take() {
            reading.abort();
        }
    }
}

impl Drop for NativeBody {
    /// Stops reading ahead when the body is garbage-collected, which closes its connection.
    fn drop(&mut self) {
        self.stop_ahead();
    }
}

#[napi]
impl NativeBody {
    /// Reads the next part, up to `most.length` bytes: what arrives next, and whatever else has arrived by then. Resolves
    /// with the bytes, or with undefined at the end of the body.
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
        let (body, cancelled) = (Arc::clone(&self.body), Arc::clone(&self.cancelled));
        let ahead = Arc::clone(&self.ahead);
        let (spare, length) = (Arc::clone(&self.spare), most.length as usize);
        let mut buffer = match lock(&spare).take().filter(|buffer| buffer.len() == length) {
            Some(buffer) => buffer,
            None => JsBuffer::new(env, length, completions.alive())?,
        };
        completions.start(env, call_id, async move {
            if let Some(reading) = lock(&ahead).take() {
                reading.abort();
            }
            let mut open = body.lock().await;
            let Some(answer) = open.as_mut() else { return Ok(Part { buffer, length: 0, spare }) };
            let read = tokio::select! {
                biased;
                () = cancelled.notified() => Ok(None),
                read = answer.read(buffer.len()) => read,
            };
            if !matches!(read, Ok(Some(_))) {
                // Its connection is free, or lost.
                *open = None;
            }
            drop(open);
            let length = buffer.fill(&read?.unwrap_or_default());
            if length == buffer.len() {
                *lock(&ahead) = Some(read_ahead(body, length));
            }
            Ok(Part { buffer, length, spare })
        })
    }

    /// Discards the rest of the body, even during a read, which then finds the end. Resolves when the connection is
    /// closed.
    #[napi(catch_unwind)]
    pub fn cancel(&self, env: Env, completions: &NativeCompletions, call_id: CallId<()>) -> napi::Result<()> {
        self.cancelled.notify_one();
        self.stop_ahead();
        let (body, ahead) = (Arc::clone(&self.body), Arc::clone(&self.ahead));
        completions.start(env, call_id, async move {
            // A read that was about to end when this began may have started to read ahead, which nothing else stops.
            if let Some(reading) = lock(&ahead).take() {
                reading.abort();
            }
            *body.lock().await = None;
            Ok(())
        })
    }
}

/// Reads ahead in `body`, up to `most` bytes: the part before filled its buffer, so more is on its way.
fn read_ahead(body: Arc<tokio::sync::Mutex<Option<OpenBody>>>, most: usize) -> AbortHandle {
    let reading = tokio::spawn(async move {
        if let Some(open) = body.lock().await.as_mut() {
            open.read_ahead(most).await;
        }
    });
    reading.abort_handle()
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

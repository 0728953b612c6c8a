//! Bodies that pass through in parts: [`NativeBody`] out of an answer, [`NativeUpload`] into a request.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use napi::Env;
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;
use tokio::sync::Notify;

use super::completions::{NativeCompletions, Outcome};
use crate::client::OpenBody;
use crate::http::{RequestBody, StreamedBody, Upload, streamed_body};

/// About how much of a body is handed over at once, in bytes: enough to make crossing cheap, little to hold.
const CHUNK: usize = 256 * 1024;

/// The body of an answer, still to be read.
#[napi]
pub struct NativeBody {
    body: Arc<tokio::sync::Mutex<Option<OpenBody>>>,
    given_up: Arc<Notify>,
}

impl NativeBody {
    pub(super) fn new(body: OpenBody) -> Self {
        Self { body: Arc::new(tokio::sync::Mutex::new(Some(body))), given_up: Arc::default() }
    }
}

#[napi]
impl NativeBody {
    /// Reads on; the next part comes as `id`, or nothing does at the end.
    #[napi(catch_unwind)]
    pub fn read(&self, env: Env, completions: &NativeCompletions, id: u32) -> napi::Result<()> {
        let (body, given_up) = (Arc::clone(&self.body), Arc::clone(&self.given_up));
        completions.start(env, id, async move {
            let mut body = body.lock().await;
            let Some(open) = body.as_mut() else { return Ok(Outcome::Chunk(None)) };
            let read = tokio::select! {
                read = open.read(CHUNK) => read,
                () = given_up.notified() => Ok(None),
            };
            if !matches!(read, Ok(Some(_))) {
                // Its connection is free, or lost.
                *body = None;
            }
            read.map(Outcome::Chunk)
        })
    }

    /// Gives the rest up, also in the middle of a read, which then finds the end; `id` comes when its connection is
    /// closed.
    #[napi(catch_unwind)]
    pub fn cancel(&self, env: Env, completions: &NativeCompletions, id: u32) -> napi::Result<()> {
        self.given_up.notify_one();
        let body = Arc::clone(&self.body);
        completions.start(env, id, async move {
            *body.lock().await = None;
            Ok(Outcome::Nothing)
        })
    }
}

/// The body of a request, to be written in parts.
#[napi]
pub struct NativeUpload {
    upload: Arc<tokio::sync::Mutex<Option<Upload>>>,
    body: Mutex<Option<StreamedBody>>,
    length: Option<u64>,
}

/// A body to be written in parts, which are `length` bytes together, if that is known.
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
    /// The end that a request reads; a second request gets none.
    pub(super) fn body(&self) -> RequestBody {
        let body = self.body.lock().unwrap_or_else(PoisonError::into_inner).take();
        body.map_or(RequestBody::Empty, |body| RequestBody::Stream(body, self.length))
    }
}

#[napi]
impl NativeUpload {
    /// Hands a part over; `id` comes when there is room for the next: true, or false if nobody reads any more.
    #[napi(catch_unwind)]
    pub fn write(
        &self,
        env: Env,
        completions: &NativeCompletions,
        id: u32,
        part: Uint8Array,
    ) -> napi::Result<()> {
        let upload = Arc::clone(&self.upload);
        // JavaScript may change its array as soon as we return.
        let part = Bytes::copy_from_slice(&part);
        completions.start(env, id, async move {
            let mut upload = upload.lock().await;
            let Some(open) = upload.as_mut() else { return Ok(Outcome::Flag(false)) };
            Ok(Outcome::Flag(open.write(part).await))
        })
    }

    /// Gives the body up, if no request has taken it: `write` then answers false.
    #[napi(catch_unwind)]
    pub fn discard(&self) {
        drop(self.body());
    }

    /// The body ends here: as a whole, or (`whole` is false) cut off, so that the server does not take it for one.
    /// `id` comes when that is done.
    #[napi(catch_unwind)]
    pub fn end(&self, env: Env, completions: &NativeCompletions, id: u32, whole: bool) -> napi::Result<()> {
        let upload = Arc::clone(&self.upload);
        completions.start(env, id, async move {
            if let Some(open) = upload.lock().await.take()
                && whole
            {
                open.finish();
            }
            Ok(Outcome::Nothing)
        })
    }
}

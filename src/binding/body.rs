//! Bodies that pass through in parts: [`NativeBody`] out of an answer, [`NativeUpload`] into a request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use napi::bindgen_prelude::Uint8Array;
use napi::{Env, sys};
use napi_derive::napi;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::completions::{NativeCompletions, Outcome, bytes};
use super::room::Room;
use crate::client::OpenBody;
use crate::http::{RequestBody, StreamedBody, Upload, streamed_body};

/// How much of a body is read at once.
#[napi(object, object_to_js = false)]
pub struct NativeRead {
    /// In bytes, at most.
    pub length: u32,
}

/// The part of a body that was read.
pub(super) struct Part {
    room: Room,
    length: usize,
    /// Where the room goes when it is not handed over.
    spare: Spare,
}

/// Room that is left from the read before.
type Spare = Arc<Mutex<Option<Room>>>;

impl Part {
    /// The bytes, as an array of JavaScript's; nothing at the end. A short part is copied, so that little is held for
    /// it and its room serves the next read. On Node's thread.
    pub(super) fn into_value(self, env: sys::napi_env) -> napi::Result<Option<sys::napi_value>> {
        let Self { room, length, spare } = self;
        if length >= (room.len() / 4).max(1) {
            return room.into_filled(env, length).map(Some);
        }
        let part = if length == 0 { None } else { Some(bytes(env, room.filled(length))?) };
        *lock(&spare) = Some(room);
        Ok(part)
    }
}

/// The body of an answer, still to be read.
#[napi]
pub struct NativeBody {
    body: Arc<tokio::sync::Mutex<Option<OpenBody>>>,
    given_up: Arc<Notify>,
    /// Reads on while JavaScript is busy with what it got.
    ahead: Arc<Mutex<Option<AbortHandle>>>,
    spare: Spare,
}

impl NativeBody {
    pub(super) fn new(body: OpenBody) -> Self {
        Self {
            body: Arc::new(tokio::sync::Mutex::new(Some(body))),
            given_up: Arc::default(),
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
    /// Whoever collects it gives up what was being read ahead, and so its connection.
    fn drop(&mut self) {
        self.stop_ahead();
    }
}

#[napi]
impl NativeBody {
    /// Reads what comes next, and more with it if that is there already, up to `most.length` bytes: they come as `id`,
    /// or nothing at the end.
    ///
    /// The core writes them to JavaScript's memory, on its own thread: copying a fast download takes longer than all else
    /// that is done for it. That memory is made here, so that JavaScript cannot take it away meanwhile.
    #[napi(catch_unwind)]
    pub fn read(
        &self,
        env: Env,
        completions: &NativeCompletions,
        id: u32,
        most: NativeRead,
    ) -> napi::Result<()> {
        let (body, given_up) = (Arc::clone(&self.body), Arc::clone(&self.given_up));
        let ahead = Arc::clone(&self.ahead);
        let (spare, length) = (Arc::clone(&self.spare), most.length as usize);
        let mut room = match lock(&spare).take().filter(|room| room.len() == length) {
            Some(room) => room,
            None => Room::new(env, length, completions.alive())?,
        };
        completions.start(env, id, async move {
            if let Some(reading) = lock(&ahead).take() {
                reading.abort();
            }
            let mut open = body.lock().await;
            let Some(answer) = open.as_mut() else {
                return Ok(Outcome::Filled(Part { room, length: 0, spare }));
            };
            let read = tokio::select! {
                biased;
                () = given_up.notified() => Ok(None),
                read = answer.read(room.len()) => read,
            };
            if !matches!(read, Ok(Some(_))) {
                // Its connection is free, or lost.
                *open = None;
            }
            drop(open);
            let length = room.fill(&read?.unwrap_or_default());
            if length == room.len() {
                *lock(&ahead) = Some(read_ahead(body, length));
            }
            Ok(Outcome::Filled(Part { room, length, spare }))
        })
    }

    /// Gives the rest up, also in the middle of a read, which then finds the end; `id` comes when its connection is
    /// closed.
    #[napi(catch_unwind)]
    pub fn cancel(&self, env: Env, completions: &NativeCompletions, id: u32) -> napi::Result<()> {
        self.given_up.notify_one();
        self.stop_ahead();
        let (body, ahead) = (Arc::clone(&self.body), Arc::clone(&self.ahead));
        completions.start(env, id, async move {
            // A read that was about to end when this began may have left one behind, which nothing else would stop.
            if let Some(reading) = lock(&ahead).take() {
                reading.abort();
            }
            *body.lock().await = None;
            Ok(Outcome::Nothing)
        })
    }
}

/// Reads as much of `body` as there was room for: more is on its way.
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
        let body = lock(&self.body).take();
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

//! [`Outcome`]: the result of a call, on its way to JavaScript.

use bytes::Bytes;
use napi::bindgen_prelude::ToNapiValue;
use napi::sys;
use napi_derive::napi;

use super::js_buffer::copied;

/// The result of a call, as far as it can be prepared before Node's thread takes it.
pub(crate) enum Outcome {
    /// A response of the API. Most calls end with one, so it travels without an allocation of its own.
    Answer(NativeAnswer),
    /// A step of a call that goes on.
    Report(Box<dyn ToJs + Send>),
    /// Anything else.
    Value(Box<dyn ToJs + Send>),
}

impl From<NativeAnswer> for Outcome {
    fn from(answer: NativeAnswer) -> Self {
        Self::Answer(answer)
    }
}

impl<T: ToNapiValue + Send + 'static> From<T> for Outcome {
    fn from(value: T) -> Self {
        Self::Value(Box::new(value))
    }
}

/// A value that becomes one of JavaScript's on Node's thread.
pub trait ToJs {
    /// Converts the value. `env` must be the environment that napi has just called us with.
    fn to_js(self: Box<Self>, env: sys::napi_env) -> napi::Result<sys::napi_value>;
}

impl<T: ToNapiValue> ToJs for T {
    fn to_js(self: Box<Self>, env: sys::napi_env) -> napi::Result<sys::napi_value> {
        to_js(env, *self)
    }
}

/// A response of the API. `lib/calls.ts` makes it of the values in a batch.
#[napi(object, object_from_js = false, object_to_js = false)]
pub struct NativeAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The header lines, `name: value`, each but the last with a line feed after it.
    #[napi(ts_type = "string")]
    pub headers: Text,
    /// The body: text if the content type says so, bytes otherwise, or a `NativeBody` that is still to be read.
    /// Undefined if the response has none.
    #[napi(ts_type = "string | Bytes | NativeBody")]
    pub body: Option<Body>,
    /// The URL that the response came from, if redirects led there.
    pub url: Option<String>,
}

impl NativeAnswer {
    /// The length of the body in bytes, as far as it has been read: 0 for a body that is still open.
    pub(super) fn body_length(&self) -> usize {
        match &self.body {
            Some(Body::Text(text)) => text.text.len(),
            Some(Body::Bytes(bytes)) => bytes.len(),
            Some(Body::Open(_)) | None => 0,
        }
    }

    /// The HTTP status, and the other fields in their order.
    pub(super) fn into_values(self, env: sys::napi_env) -> napi::Result<(u16, [Option<sys::napi_value>; 3])> {
        let headers = to_js(env, self.headers)?;
        let body = match self.body {
            None => None,
            Some(Body::Text(body)) => Some(to_js(env, body)?),
            Some(Body::Bytes(body)) => Some(copied(env, &body)?),
            Some(Body::Open(body)) => Some(body.to_js(env)?),
        };
        let url = self.url.map(|url| to_js(env, url)).transpose()?;
        Ok((self.status, [Some(headers), body, url]))
    }
}

/// The body of a response.
pub enum Body {
    /// Text, as its content type says.
    Text(Text),
    /// Anything else that was read to its end.
    Bytes(Bytes),
    /// A body that is still to be read.
    Open(Box<dyn ToJs + Send>),
}

/// Text, and whether it is ASCII: V8 then neither decodes nor widens it.
pub struct Text {
    text: Bytes,
    ascii: bool,
}

impl Text {
    /// `text` must be UTF-8.
    pub(crate) fn new(text: Bytes) -> Self {
        Self { ascii: text.is_ascii(), text }
    }
}

impl ToNapiValue for Text {
    #[expect(unsafe_code, reason = "napi's own conversion wants an owned string, and decodes UTF-8 always")]
    unsafe fn to_napi_value(env: sys::napi_env, text: Self) -> napi::Result<sys::napi_value> {
        let (bytes, mut string) = (text.text.as_ref(), std::ptr::null_mut());
        let length =
            isize::try_from(bytes.len()).map_err(|_| napi::Error::from_reason("a text is too long"))?;
        let create = if text.ascii { sys::napi_create_string_latin1 } else { sys::napi_create_string_utf8 };
        // SAFETY: `bytes` is `length` bytes of UTF-8, or of ASCII, which is Latin-1; `string` is a place for the
        // answer.
        let status = unsafe { create(env, bytes.as_ptr().cast(), length, &raw mut string) };
        napi::check_status!(status)?;
        Ok(string)
    }
}

/// Converts `value`. `env` must be the environment that napi has just called us with.
pub(super) fn to_js(env: sys::napi_env, value: impl ToNapiValue) -> napi::Result<sys::napi_value> {
    // SAFETY: `env` is the environment that napi called us with.
    #[expect(unsafe_code, reason = "the conversion's signature")]
    unsafe {
        ToNapiValue::to_napi_value(env, value)
    }
}

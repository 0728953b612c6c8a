//! Responses of the API as JavaScript gets them: what their bodies become.

use bytes::Bytes;
use http::{Method, StatusCode};

use super::body::NativeBody;
use super::calls::{Body, NativeAnswer, Text};
use crate::client::{OpenBody, Opened};
use crate::error::Result;
use crate::http::Response;

/// A response whose body was read to its end. The content type decides what the body becomes: an empty file is an empty
/// text or array. The body is undefined only where the response cannot have one, or says nothing about it.
pub(super) async fn whole(method: &Method, response: Response<Bytes>) -> Result<NativeAnswer> {
    let bodiless = *method == Method::HEAD
        || [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT].contains(&response.status);
    let body = if bodiless || (response.body.is_empty() && (response.is_json() || !response.has_type())) {
        None
    } else if let Some(text) = response.read_text().await? {
        Some(Body::Text(Text::new(text)))
    } else {
        Some(Body::Bytes(response.body.clone()))
    };
    Ok(answer(&response, body))
}

/// A response whose headers have arrived. Its body is still to be read, unless it has arrived as well.
pub(super) fn open(response: Response<OpenBody>) -> NativeAnswer {
    let (response, body) = response.take_body();
    let body = match body.opened() {
        Opened::Whole(whole) if whole.is_empty() => None,
        Opened::Whole(whole) => Some(Body::Bytes(whole)),
        Opened::Open(body) => Some(Body::Open(Box::new(NativeBody::new(*body)))),
    };
    answer(&response, body)
}

fn answer<B>(response: &Response<B>, body: Option<Body>) -> NativeAnswer {
    NativeAnswer {
        status: response.status.as_u16(),
        headers: Text::new(response.header_lines().into()),
        body,
        url: response.url.as_ref().map(ToString::to_string),
    }
}

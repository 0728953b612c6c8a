//! Converts failures of the transport into errors.

use std::io;

use crate::error::{Error, NetworkKind, Reason};
use crate::tls;

/// Marks a streamed request body that ended early.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the request's body ended early")]
pub(super) struct Interrupted;

/// The error of a request that certainly was not sent: its connection ended before.
pub(super) fn unsent(error: hyper::Error) -> Error {
    failed(error, false)
}

/// The error of a request that got no answer.
pub(super) fn sending_failed(error: hyper::Error) -> Error {
    if is_head_too_large(&error) {
        return too_large("its head has more than 1,000 header fields or is longer than 512 KiB");
    }
    let h2 = cause::<h2::Error>(&error);
    if h2.is_some_and(|error| error.is_library() && error.reason() == Some(h2::Reason::PROTOCOL_ERROR)) {
        return too_large("its header fields are longer than 512 KiB, or the server broke HTTP/2");
    }
    // hyper reports a request this way if it was not written when the connection ended.
    let unwritten = error.is_canceled() || error.is_closed();
    let sent = !(unwritten || h2.is_some_and(is_unprocessed));
    failed(error, sent)
}

/// The error of an answer whose body ended early. The server processed its request.
pub(super) fn reading_failed(error: hyper::Error) -> Error {
    failed(error, true)
}

fn failed(error: impl std::error::Error + Send + Sync + 'static, sent: bool) -> Error {
    if cause::<Interrupted>(&error).is_some() {
        return Error::BodyInterrupted;
    }
    let malformed =
        cause::<hyper::Error>(&error).is_some_and(hyper::Error::is_parse) || is_badly_chunked(&error);
    let kind = if malformed { NetworkKind::Protocol } else { NetworkKind::Reset };
    Error::network(kind, sent, reason(&error))
}

/// Why an open connection failed, as described by the layer that knows most.
fn reason(error: &(dyn std::error::Error + 'static)) -> Reason {
    if let Some(failure) = tls::Failure::of(error) {
        return Reason::new(failure.to_string(), failure.node_code);
    }
    if let Some(error) = cause::<h2::Error>(error) {
        let words =
            error.reason().map_or_else(|| "HTTP/2 failed".to_owned(), |code| code.description().to_owned());
        return match error.get_io() {
            Some(error) => Reason::of_io(error),
            None if error.is_go_away() => {
                Reason::new(format!("the server closes it: {words} (GOAWAY)"), "ECONNRESET")
            }
            None => Reason::new(words, "ECONNRESET"),
        };
    }
    if let Some(found) = cause::<io::Error>(error) {
        let malformed = is_badly_chunked(error);
        return if malformed { Reason::new(found.to_string(), "EPROTO") } else { Reason::of_io(found) };
    }
    match cause::<hyper::Error>(error) {
        Some(error) if error.is_parse() => Reason::new(error.to_string(), "EPROTO"),
        Some(error) if error.is_incomplete_message() || error.is_closed() || error.is_canceled() => {
            Reason::new("the server closed it (ECONNRESET)", "ECONNRESET")
        }
        Some(error) => Reason::new(error.to_string(), "ECONNRESET"),
        None => Reason::new("it ended", "ECONNRESET"),
    }
}

/// Whether hyper could not read the chunks of a body: it says so by the kind of an error of the system.
fn is_badly_chunked(error: &(dyn std::error::Error + 'static)) -> bool {
    let kind = cause::<io::Error>(error).map(io::Error::kind);
    matches!(kind, Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData))
        && tls::Failure::of(error).is_none()
}

/// hyper has a method for this, but only for servers.
fn is_head_too_large(error: &hyper::Error) -> bool {
    error.is_parse() && error.to_string().contains("message head is too large")
}

fn too_large(problem: &'static str) -> Error {
    Error::InvalidResponse { problem: problem.into() }
}

/// Whether an HTTP/2 server says that it did not process the request (RFC 9113 section 8.7). A stream fails with
/// `GOAWAY` only if it is above the last one that the server processed.
fn is_unprocessed(error: &h2::Error) -> bool {
    error.is_remote() && (error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM))
}

/// Finds the first error of type `E` among an error and its causes.
pub(super) fn cause<'a, E: std::error::Error + 'static>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a E> {
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        // The `source` of an `io::Error` skips the error that it wraps.
        current = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

//! What an error says about the network: where a request went, how far it got, and why it failed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

/// The part of a request's way on which the network failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkKind {
    /// The host name has no address.
    Dns,
    /// The connection could not be made: it was refused, timed out, or the host cannot be reached.
    Connect,
    /// The certificate was not accepted, or TLS failed otherwise.
    Tls,
    /// The connection ended before the whole answer was there.
    Reset,
    /// The answer is not valid HTTP.
    Protocol,
}

/// What a call was doing when its deadline passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Waiting until the rate limits allow the call, or for a free connection.
    Queue,
    /// Waiting for an access token.
    Token,
    /// Making a connection.
    Connect,
    /// Sending the request, and waiting for the answer's headers.
    Response,
    /// Reading the answer's body.
    Body,
    /// Waiting before a retry.
    Retry,
}

/// Where a request was sent, or would have been sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The host name or address, without brackets.
    pub host: String,
    /// The server's port.
    pub port: u16,
    /// The URL of the proxy that the request goes through, without user and password.
    pub proxy: Option<String>,
}

impl std::fmt::Display for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)?;
        } else {
            write!(f, "{}:{}", self.host, self.port)?;
        }
        match &self.proxy {
            Some(proxy) => write!(f, " through the proxy {proxy}"),
            None => Ok(()),
        }
    }
}

/// Why the network failed, in words and by Node's error code.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{text}")]
pub struct Reason {
    /// What happened, as a part of a sentence.
    pub text: String,
    /// The `error.code` that Node gives the same failure, such as `ECONNREFUSED`.
    pub code: Option<&'static str>,
}

impl Reason {
    /// A reason in words, with Node's code if there is one.
    pub fn new(text: impl Into<String>, code: impl Into<Option<&'static str>>) -> Self {
        Self { text: text.into(), code: code.into() }
    }

    /// The reason for an operating system's error on a connection.
    pub fn of_io(error: &io::Error) -> Self {
        let Some(code) = io_code(error) else { return Self::new(without_number(&error.to_string()), None) };
        let words = match code {
            "ECONNREFUSED" => "nothing listens there".to_owned(),
            "ECONNRESET" if error.kind() != io::ErrorKind::UnexpectedEof => {
                "the other side reset it".to_owned()
            }
            "ECONNRESET" | "EPIPE" | "ECONNABORTED" => "the other side closed it".to_owned(),
            "ETIMEDOUT" => "the other side did not answer in time".to_owned(),
            "EHOSTUNREACH" => "there is no route to the host".to_owned(),
            "ENETUNREACH" | "ENETDOWN" => "the network is down or cannot be reached".to_owned(),
            "EMFILE" | "ENFILE" => "too many files and sockets are open; raise `ulimit -n`".to_owned(),
            "EADDRNOTAVAIL" => "no local port is free".to_owned(),
            "EACCES" | "EPERM" => "the system does not permit it".to_owned(),
            _ => without_number(&error.to_string()).to_owned(),
        };
        Self::new(format!("{words} ({code})"), code)
    }

    /// The reason for a failed lookup of the host name `whose`. The standard library reports such failures only by the
    /// system's message.
    pub fn of_lookup(whose: &str, error: &io::Error) -> Self {
        const WSATRY_AGAIN: i32 = 11_002;
        let words = error.to_string();
        let passing = ["Temporary failure", "Try again"].iter().any(|known| words.contains(known))
            || error.raw_os_error() == Some(WSATRY_AGAIN);
        if passing {
            let text = format!("the lookup of the host name {whose} failed for now (EAI_AGAIN)");
            return Self::new(text, "EAI_AGAIN");
        }
        Self::new(format!("the host name {whose} was not found (ENOTFOUND)"), "ENOTFOUND")
    }
}

/// Node's code for an operating system's error.
pub fn io_code(error: &io::Error) -> Option<&'static str> {
    use io::ErrorKind;
    Some(match error.kind() {
        ErrorKind::ConnectionRefused => "ECONNREFUSED",
        ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof => "ECONNRESET",
        ErrorKind::ConnectionAborted => "ECONNABORTED",
        ErrorKind::BrokenPipe | ErrorKind::WriteZero => "EPIPE",
        ErrorKind::TimedOut => "ETIMEDOUT",
        ErrorKind::HostUnreachable => "EHOSTUNREACH",
        ErrorKind::NetworkUnreachable => "ENETUNREACH",
        ErrorKind::NetworkDown => "ENETDOWN",
        ErrorKind::AddrNotAvailable => "EADDRNOTAVAIL",
        ErrorKind::PermissionDenied => "EACCES",
        // The standard library has no `ErrorKind` for these two.
        _ if cfg!(unix) && error.raw_os_error() == Some(24) => "EMFILE",
        _ if cfg!(unix) && error.raw_os_error() == Some(23) => "ENFILE",
        _ => return None,
    })
}

/// The system's message, without the number that Rust appends to it.
pub fn without_number(text: &str) -> &str {
    text.rfind(" (os error ").and_then(|at| text.get(..at)).unwrap_or(text)
}

/// The message of a failure of the network.
pub(super) fn message(
    kind: NetworkKind,
    sent: bool,
    to: Option<&Arc<Destination>>,
    reason: Option<&Arc<Reason>>,
) -> String {
    let server = to.map_or_else(|| "the server".to_owned(), ToString::to_string);
    let why = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    match kind {
        NetworkKind::Dns | NetworkKind::Connect if to.is_some_and(|to| to.proxy.is_some()) => {
            format!("no connection to {server}{why}; check `proxy`, HTTPS_PROXY and NO_PROXY")
        }
        NetworkKind::Dns | NetworkKind::Connect => {
            format!("no connection to {server}{why}; check `baseUrl` and the network")
        }
        NetworkKind::Tls => format!("no secure connection to {server}{why}"),
        NetworkKind::Reset if sent => format!(
            "the connection to {server} ended before the answer was complete{why}; whether the request was processed \
             is unknown"
        ),
        NetworkKind::Reset => {
            format!("the connection to {server} ended before the request was processed{why}")
        }
        NetworkKind::Protocol => format!("the answer of {server} is not valid HTTP{why}"),
    }
}

/// The message of a deadline that passed.
pub(super) fn timeout_message(phase: Phase, limit: Duration, to: Option<&Arc<Destination>>) -> String {
    let limit = limit.as_millis();
    let server = to.map_or_else(|| "the server".to_owned(), ToString::to_string);
    let doing = match phase {
        Phase::Queue => "waiting for its turn within the rate limits, or for a free connection".to_owned(),
        Phase::Token => "waiting for an access token".to_owned(),
        Phase::Connect => format!("connecting to {server}"),
        Phase::Response => format!("waiting for the answer of {server}"),
        Phase::Body => format!("reading the answer of {server}"),
        Phase::Retry => "waiting to try again".to_owned(),
    };
    format!("timed out after {limit} ms while {doing}; raise `timeout` if the API needs longer")
}

/// The message of a connection that took too long.
pub(super) fn connect_timeout_message(to: Option<&Arc<Destination>>) -> String {
    let server = to.map_or_else(|| "the server".to_owned(), ToString::to_string);
    format!("no connection to {server} in time (ETIMEDOUT); raise `connectTimeout`, or check the network")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_system_has_nodes_name_and_no_number() {
        for (kind, code) in [
            (io::ErrorKind::ConnectionRefused, "ECONNREFUSED"),
            (io::ErrorKind::ConnectionReset, "ECONNRESET"),
            (io::ErrorKind::UnexpectedEof, "ECONNRESET"),
            (io::ErrorKind::TimedOut, "ETIMEDOUT"),
        ] {
            let reason = Reason::of_io(&kind.into());
            assert_eq!(reason.code, Some(code));
            assert!(reason.text.contains(code), "{reason}");
        }
        let unknown = Reason::of_io(&io::Error::from_raw_os_error(12));
        assert!(!unknown.text.contains("os error"), "{unknown}");
    }

    #[test]
    fn a_message_says_where_how_far_and_why() {
        let proxy = Some("http://proxy.test:3128".to_owned());
        let to = Arc::new(Destination { host: "2001:db8::1".into(), port: 443, proxy });
        let reason = Arc::new(Reason::new("nothing listens there (ECONNREFUSED)", "ECONNREFUSED"));
        assert_eq!(
            message(NetworkKind::Connect, false, Some(&to), Some(&reason)),
            "no connection to [2001:db8::1]:443 through the proxy http://proxy.test:3128: nothing listens there \
             (ECONNREFUSED); check `proxy`, HTTPS_PROXY and NO_PROXY"
        );
        let (sent, unsent) =
            (message(NetworkKind::Reset, true, None, None), message(NetworkKind::Reset, false, None, None));
        assert!(sent.contains("unknown") && !unsent.contains("unknown"), "{sent}; {unsent}");
    }
}

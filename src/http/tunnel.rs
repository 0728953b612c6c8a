//! Opens a tunnel through an HTTP proxy by a `CONNECT` request (RFC 9110 section 9.3.6).

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use zeroize::Zeroizing;

use super::proxy::Login;
use crate::error::{Error, Result};

/// The longest head of a proxy's answer, in bytes, including its interim answers.
const LONGEST_HEAD: usize = 64 * 1024;
/// The most header fields of a proxy's answer.
const MOST_FIELDS: usize = 256;
/// The most characters of a proxy's reason phrase that an error shows.
const LONGEST_REASON: usize = 120;

/// Why a proxy did not open a tunnel. Nothing of a request was sent.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum TunnelError {
    #[error("the proxy refused the tunnel: {status}{reason}{}", remedy(*.status))]
    Refused { status: u16, reason: String },
    #[error("the proxy closed the connection before it answered to CONNECT")]
    Closed,
    #[error("the proxy's answer to CONNECT is not HTTP")]
    Malformed,
    #[error("the proxy's answer to CONNECT is longer than 64 KiB or has more than 256 header fields")]
    TooLong,
}

fn remedy(status: u16) -> &'static str {
    if status == 407 { "; give its user and password in the proxy's URL" } else { "" }
}

/// The `Proxy-Authorization` header for a login (RFC 7617).
pub(super) fn authorization(login: &Login) -> Result<HeaderValue> {
    let pair = Zeroizing::new(format!("{}:{}", login.user, login.password.expose()));
    let basic = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    let mut value = HeaderValue::from_str(&basic)
        .map_err(|_| Error::Internal { problem: "base64 is not a header value" })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Asks the proxy on `stream` for a tunnel to `authority`, a host and a port. Returns bytes that already arrived after
/// the proxy's answer, which belong to the tunnel.
pub(super) async fn open<S>(
    stream: &mut S,
    authority: &str,
    authorization: Option<&HeaderValue>,
    agent: &str,
) -> Result<Vec<u8>, std::io::Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut head = Zeroizing::new(String::new());
    let _ = write!(head, "CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: {agent}\r\n");
    if let Some(value) = authorization.and_then(|value| value.to_str().ok()) {
        let _ = write!(head, "Proxy-Authorization: {value}\r\n");
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.flush().await?;
    let mut received = Vec::new();
    let mut interim = 0;
    loop {
        while let Some((status, reason, length)) = parse(&received[interim..])? {
            interim += length;
            match status {
                // Interim answers, except a switch of protocols, which was not asked for.
                100 | 102..=199 => {}
                200..=299 => return Ok(received.split_off(interim)),
                _ => return Err(failed(TunnelError::Refused { status, reason })),
            }
        }
        if received.len() > LONGEST_HEAD {
            return Err(failed(TunnelError::TooLong));
        }
        if stream.read_buf(&mut received).await? == 0 {
            return Err(failed(TunnelError::Closed));
        }
    }
}

/// The status, reason phrase and length of the first head in `bytes`, if it is complete.
fn parse(bytes: &[u8]) -> Result<Option<(u16, String, usize)>, std::io::Error> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    match answer.parse(bytes) {
        Ok(httparse::Status::Partial) => Ok(None),
        Ok(httparse::Status::Complete(length)) => {
            let status = answer.code.unwrap_or_default();
            let reason = answer.reason.unwrap_or_default().trim();
            let standard = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
            let reason = if reason.is_empty() { standard.unwrap_or_default() } else { reason };
            let reason: String = reason.chars().filter(|c| !c.is_control()).take(LONGEST_REASON).collect();
            Ok(Some((status, if reason.is_empty() { reason } else { format!(" {reason}") }, length)))
        }
        Err(httparse::Error::TooManyHeaders) => Err(failed(TunnelError::TooLong)),
        Err(_) => Err(failed(TunnelError::Malformed)),
    }
}

fn failed(error: TunnelError) -> std::io::Error {
    std::io::Error::other(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the proxy got, and what the tunnel came to, when it answers in parts of so many bytes.
    async fn tunnel(answer: &[u8], part: usize) -> (String, Result<Vec<u8>, String>) {
        let answer = answer.to_vec();
        let (mut ours, mut proxys) = tokio::io::duplex(1 << 20);
        let proxy = tokio::spawn(async move {
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                proxys.read_buf(&mut asked).await.unwrap();
            }
            for part in answer.chunks(part) {
                proxys.write_all(part).await.unwrap();
                tokio::task::yield_now().await;
            }
            String::from_utf8(asked).unwrap()
        });
        let login = Login { user: "us\u{e9}r".into(), password: crate::secret::Secret::new("p:w") };
        let value = authorization(&login).unwrap();
        let opened =
            open(&mut ours, "api.test:443", Some(&value), "agent").await.map_err(|error| error.to_string());
        (proxy.await.unwrap(), opened)
    }

    #[tokio::test]
    async fn any_2xx_opens_a_tunnel_also_after_interim_answers_and_what_follows_is_the_tunnels() {
        for answer in [
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.0 201 Created\r\nContent-Length: 7\r\n\r\n",
            "HTTP/1.1 299 \r\nX: y\r\n\r\n",
            "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        ] {
            for part in [1, 7, 1000] {
                assert_eq!(tunnel(answer.as_bytes(), part).await.1.unwrap(), b"", "{answer:?}");
            }
        }
        let answer = b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n\r\nearly";
        let (asked, opened) = tunnel(answer, 1000).await;
        assert_eq!(opened.unwrap(), b"early");
        assert_eq!(
            asked,
            "CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\nUser-Agent: agent\r\n\
             Proxy-Authorization: Basic dXPDqXI6cDp3\r\n\r\n"
        );
    }

    #[tokio::test]
    async fn what_is_not_a_tunnel_is_said_in_the_proxys_words() {
        let endless = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(5000);
        let many = [b"HTTP/1.1 200 OK\r\n".to_vec(), b"a: b\r\n".repeat(300), b"\r\n".to_vec()].concat();
        for (answer, said) in [
            (b"HTTP/1.1 403 Not \x1b[31mfrom here\r\n\r\n".as_slice(), "not HTTP"),
            (b"HTTP/1.1 403 Not from here\r\n\r\n", "403 Not from here"),
            (b"HTTP/1.1 502 \r\n\r\n", "502 Bad Gateway"),
            (b"HTTP/1.1 407 Auth\r\n\r\n", "407 Auth; give its user and password in the proxy's URL"),
            (b"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n", "302 Found"),
            (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "101 Switching Protocols"),
            (b"SSH-2.0-OpenSSH\r\n\r\n", "not HTTP"),
            (b"HTTP/1.1 200 O", "closed the connection before it answered"),
            (&endless, "longer than 64 KiB"),
            (&many, "more than 256 header fields"),
        ] {
            let error = tunnel(answer, 10_000).await.1.unwrap_err();
            assert!(error.contains(said), "{said}: {error}");
        }
    }
}

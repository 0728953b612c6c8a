//! Connects through a SOCKS proxy of version 5, with or without a login (RFC 1928, RFC 1929).

use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use zeroize::Zeroizing;

use super::proxy::Login;

const VERSION: u8 = 5;
const LOGIN_VERSION: u8 = 1;
const NO_LOGIN: u8 = 0;
const WITH_LOGIN: u8 = 2;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Why a SOCKS proxy did not connect. Nothing of a request was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum SocksError {
    #[error("the proxy does not speak SOCKS version 5")]
    NotSocks,
    #[error("the proxy wants a login of another kind; give its user and password in the proxy's URL")]
    LoginNeeded,
    #[error("the proxy refused the user and password of its URL")]
    LoginRefused,
    #[error("the host name, the user or the password is longer than 255 bytes, which SOCKS cannot carry")]
    TooLong,
    #[error("the proxy could not connect: {}", reply(*.0))]
    Refused(u8),
}

/// The meaning of a reply code (RFC 1928 section 6).
fn reply(code: u8) -> &'static str {
    match code {
        1 => "general failure",
        2 => "not allowed by its rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "time to live expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "unknown reply",
    }
}

/// Asks the proxy on `stream` to connect to a host, which is an address or a name that the proxy looks up.
pub(super) async fn connect<S>(
    stream: &mut S,
    host: &str,
    port: u16,
    login: Option<&Login>,
) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let offered: &[u8] = if login.is_some() { &[NO_LOGIN, WITH_LOGIN] } else { &[NO_LOGIN] };
    stream.write_all(&[&[VERSION, length(offered)?], offered].concat()).await?;
    stream.flush().await?;
    match (read::<2>(stream).await?, login) {
        ([VERSION, NO_LOGIN], _) => {}
        ([VERSION, WITH_LOGIN], Some(login)) => log_in(stream, login).await?,
        ([VERSION, _], _) => return Err(failed(SocksError::LoginNeeded)),
        _ => return Err(failed(SocksError::NotSocks)),
    }
    let mut request = vec![VERSION, CONNECT, 0];
    match host.parse() {
        Ok(IpAddr::V4(address)) => {
            request.push(IPV4);
            request.extend(address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            request.push(IPV6);
            request.extend(address.octets());
        }
        Err(_) => {
            request.extend([NAME, length(host.as_bytes())?]);
            request.extend(host.as_bytes());
        }
    }
    request.extend(port.to_be_bytes());
    stream.write_all(&request).await?;
    stream.flush().await?;
    let [version, code, _, kind] = read::<4>(stream).await?;
    match (version, code) {
        (VERSION, 0) => {}
        (VERSION, code) => return Err(failed(SocksError::Refused(code))),
        _ => return Err(failed(SocksError::NotSocks)),
    }
    // The reply ends with the address and port that the proxy connects from, which are not needed.
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => usize::from(read::<1>(stream).await?[0]),
        _ => return Err(failed(SocksError::NotSocks)),
    };
    let mut bound = [0; 255 + 2];
    stream.read_exact(&mut bound[..length + 2]).await?;
    Ok(())
}

async fn log_in<S>(stream: &mut S, login: &Login) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (user, password) = (login.user.as_bytes(), login.password.expose().as_bytes());
    let mut message = Zeroizing::new(vec![LOGIN_VERSION, length(user)?]);
    message.extend_from_slice(user);
    message.push(length(password)?);
    message.extend_from_slice(password);
    stream.write_all(&message).await?;
    stream.flush().await?;
    if read::<2>(stream).await?[1] == 0 { Ok(()) } else { Err(failed(SocksError::LoginRefused)) }
}

fn length(bytes: &[u8]) -> std::io::Result<u8> {
    u8::try_from(bytes.len()).map_err(|_| failed(SocksError::TooLong))
}

async fn read<const LENGTH: usize>(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

fn failed(error: SocksError) -> std::io::Error {
    std::io::Error::other(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    /// Plays a proxy that expects and answers as `script` says.
    async fn play(script: &[(&[u8], &[u8])], host: &str, login: Option<(&str, &str)>) -> Result<(), String> {
        let script: Vec<_> =
            script.iter().map(|(expected, answer)| (expected.to_vec(), answer.to_vec())).collect();
        let (mut ours, mut proxys) = tokio::io::duplex(4096);
        let proxy = tokio::spawn(async move {
            for (expected, answer) in script {
                let mut got = vec![0; expected.len()];
                proxys.read_exact(&mut got).await.unwrap();
                assert_eq!(got, expected);
                proxys.write_all(&answer).await.unwrap();
            }
        });
        let login =
            login.map(|(user, password)| Login { user: user.into(), password: Secret::new(password) });
        let connected = connect(&mut ours, host, 443, login.as_ref()).await;
        proxy.await.unwrap();
        connected.map_err(|error| error.to_string())
    }

    const HELLO: (&[u8], &[u8]) = (b"\x05\x01\x00", b"\x05\x00");

    #[tokio::test]
    async fn names_and_addresses_are_connected_to_with_and_without_a_login() {
        let name = b"\x05\x01\x00\x03\x08api.test\x01\xbb";
        play(&[HELLO, (name, b"\x05\x00\x00\x01\x7f\x00\x00\x01\x04\x38")], "api.test", None).await.unwrap();
        let login = Some(("user", "pw"));
        let v4 = b"\x05\x01\x00\x01\x0a\x00\x00\x01\x01\xbb";
        let script: [(&[u8], &[u8]); 3] = [
            (b"\x05\x02\x00\x02", b"\x05\x02"),
            (b"\x01\x04user\x02pw", b"\x01\x00"),
            (v4, b"\x05\x00\x00\x03\x02ab\x04\x38"),
        ];
        play(&script, "10.0.0.1", login).await.unwrap();
        let v6 = b"\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01\xbb";
        let bound = b"\x05\x00\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x04\x38";
        play(&[(b"\x05\x02\x00\x02", b"\x05\x00"), (v6, bound)], "::1", login).await.unwrap();
    }

    #[tokio::test]
    async fn each_refusal_is_said_in_words_that_do_not_show_the_login() {
        for (answer, said) in [
            (b"\x05\xff", "wants a login of another kind"),
            (b"\x05\x02", "wants a login of another kind"),
            (b"HT", "does not speak SOCKS version 5"),
        ] {
            let error = play(&[(HELLO.0, answer)], "a", None).await.unwrap_err();
            assert!(error.contains(said), "{error}");
        }
        let script: [(&[u8], &[u8]); 2] =
            [(b"\x05\x02\x00\x02", b"\x05\x02"), (b"\x01\x01u\x06canary", b"\x01\x01")];
        let error = play(&script, "a", Some(("u", "canary"))).await.unwrap_err();
        assert_eq!(error, "the proxy refused the user and password of its URL");
        let refused: (&[u8], &[u8]) = (b"\x05\x01\x00\x03\x01a\x01\xbb", b"\x05\x05\x00\x01\0\0\0\0\0\0");
        let error = play(&[HELLO, refused], "a", None).await.unwrap_err();
        assert_eq!(error, "the proxy could not connect: connection refused");
        let error = play(&[HELLO], &"a".repeat(256), None).await.unwrap_err();
        assert!(error.contains("longer than 255 bytes"), "{error}");
    }
}

//! One request on a connection of its own, against servers that do everything wrong.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use smartrecruiters::clock::instant;
use smartrecruiters::error::{Error, NetworkKind};
use smartrecruiters::http::{Answer, ConnectOptions, Connector, OpenConnection, ProxyChoice};
use smartrecruiters::secret::Secret;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

const BODY: &str = "grant_type=refresh_token&refresh_token=rt1";
const JSON: &str = r#"{"access_token":"at","refresh_token":"rt2"}"#;

/// A server for one connection.
struct Server {
    listener: TcpListener,
    url: Url,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/token?a=b#c", listener.local_addr().unwrap())).unwrap();
        Self { listener, url }
    }

    /// A connection to it, and its end of that.
    async fn connect(&self, proxy: ProxyChoice) -> (OpenConnection, TcpStream) {
        let connector = Connector::new(ConnectOptions { proxy, ..ConnectOptions::default() }).unwrap();
        let (open, accepted) =
            tokio::join!(OpenConnection::open(&connector, &self.url), self.listener.accept());
        (open.unwrap(), accepted.unwrap().0)
    }

    /// Posts, and has `then` take over once the request was read.
    async fn post<F: Future<Output = ()>>(&self, then: impl FnOnce(TcpStream) -> F) -> Result<Answer, Error> {
        let (open, mut stream) = self.connect(ProxyChoice::Direct).await;
        let serve = async {
            read_request(&mut stream).await;
            then(stream).await;
        };
        tokio::join!(post(open, &self.url), serve).0
    }
}

async fn post(open: OpenConnection, url: &Url) -> Result<Answer, Error> {
    let headers = HeaderMap::from_iter([(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    )]);
    open.post(url, &headers, BODY.as_bytes()).await
}

/// Lets everything happen that can, in this process and the kernel's loopback.
async fn turns() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = String::new();
    while !request.ends_with(BODY) {
        request.push(char::from(stream.read_u8().await.unwrap()));
    }
    request
}

fn with_length(length: usize, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}")
}

#[tokio::test]
async fn the_request_is_plain_http_and_the_answer_its_bytes() {
    let server = Server::start().await;
    let (open, mut stream) = server.connect(ProxyChoice::Direct).await;
    let answer = with_length(JSON.len(), JSON);
    let serve = async {
        let request = read_request(&mut stream).await;
        stream.write_all(answer.as_bytes()).await.unwrap();
        // It is closed after its one request.
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
        request
    };
    let (read, request) = tokio::join!(post(open, &server.url), serve);
    assert_eq!(read.unwrap().as_bytes(), answer.as_bytes());
    let address = server.listener.local_addr().unwrap();
    assert_eq!(
        request,
        format!(
            "POST /token?a=b HTTP/1.1\r\nhost: {address}\r\nuser-agent: smartrecruiters/{}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{BODY}",
            env!("CARGO_PKG_VERSION"),
            BODY.len()
        )
    );
}

#[tokio::test]
async fn a_proxy_without_a_tunnel_is_asked_for_the_whole_url_with_its_own_password() {
    let server = Server::start().await;
    let address = server.listener.local_addr().unwrap();
    for (user, authorization) in [("", None), ("user:p%40ss@", Some("Basic dXNlcjpwQHNz"))] {
        let proxy = ProxyChoice::Url(Secret::new(format!("http://{user}{address}")));
        let (open, mut stream) = server.connect(proxy).await;
        let serve = async {
            let request = read_request(&mut stream).await;
            stream.write_all(with_length(2, "{}").as_bytes()).await.unwrap();
            request
        };
        let (read, request) = tokio::join!(post(open, &server.url), serve);
        assert_eq!(read.unwrap().status(), Some(200));
        assert!(request.starts_with(&format!("POST http://{address}/token?a=b HTTP/1.1\r\n")), "{request}");
        let found = request.lines().find_map(|line| line.strip_prefix("proxy-authorization: "));
        assert_eq!(found, authorization);
    }
}

#[tokio::test]
async fn an_answer_is_read_in_whatever_way_it_ends() {
    let chunk = format!("{:x}\r\n{JSON}\r\n", JSON.len());
    let chunked = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}");
    for answer in [
        with_length(JSON.len() + 1, JSON),
        with_length(JSON.len() - 2, JSON),
        format!("HTTP/1.1 200 OK\r\n\r\n{JSON}"),
        chunked.clone(),
        format!("{chunked}0\r\n"),
        JSON.to_owned(),
        format!("HTTP/1.1 100 Continue\r\n\r\n{}", with_length(JSON.len(), JSON)),
    ] {
        for is_reset in [false, true] {
            let server = Server::start().await;
            let read = server
                .post(async |mut stream| {
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    if is_reset {
                        // A reset discards what was not read yet.
                        turns().await;
                        stream.set_zero_linger().unwrap();
                    }
                })
                .await
                .unwrap();
            assert_eq!(read.as_bytes(), answer.as_bytes(), "{answer}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_length_that_is_too_short_or_too_long_holds_nobody_up() {
    for length in [JSON.len() - 2, JSON.len() + 100, 0] {
        let server = Server::start().await;
        let began = instant();
        let read = server
            .post(async |mut stream| {
                let answer = with_length(length, JSON);
                let (first, second) = answer.split_at(answer.len() - 2);
                stream.write_all(first.as_bytes()).await.unwrap();
                tokio::time::sleep(Duration::from_millis(100)).await;
                stream.write_all(second.as_bytes()).await.unwrap();
                // The connection stays open for as long as the client keeps it.
                assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
            })
            .await
            .unwrap();
        assert!(read.as_bytes().ends_with(JSON.as_bytes()), "{length}: {read:?}");
        assert!(began.elapsed() <= Duration::from_secs(2), "{length}: {:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_take_two_minutes_and_what_arrived_by_then_is_kept() {
    let server = Server::start().await;
    let read = server
        .post(async |mut stream| {
            tokio::time::sleep(Duration::from_secs(120)).await;
            stream.write_all(with_length(JSON.len(), JSON).as_bytes()).await.unwrap();
        })
        .await;
    assert_eq!(read.unwrap().status(), Some(200));

    let began = instant();
    let read = server
        .post(async |mut stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"acc").await.unwrap();
            assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
        })
        .await;
    assert!(read.unwrap().as_bytes().ends_with(b"{\"acc"));
    assert_eq!(began.elapsed().as_secs(), 128);
}

#[tokio::test(start_paused = true)]
async fn bytes_that_trickle_do_not_put_the_deadline_off() {
    let server = Server::start().await;
    let began = instant();
    let read = server
        .post(async |mut stream| {
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
        .await;
    assert_eq!(read.unwrap().status(), None);
    assert_eq!(began.elapsed().as_secs(), 128);
}

#[tokio::test(start_paused = true)]
async fn no_answer_at_all_is_an_error_that_says_whether_anything_was_sent() {
    let server = Server::start().await;
    let (open, stream) = server.connect(ProxyChoice::Direct).await;
    drop(stream);
    turns().await;
    let error = post(open, &server.url).await.unwrap_err();
    assert!(matches!(error, Error::Network { sent: false, .. }), "{error:?}");

    let error = server.post(async |stream| drop(stream)).await.unwrap_err();
    assert!(matches!(error, Error::Network { kind: NetworkKind::Reset, sent: true, .. }), "{error:?}");

    let error = server
        .post(async |mut stream| assert_eq!(stream.read(&mut [0]).await.unwrap(), 0))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Timeout { limit, .. } if limit.as_secs() == 128), "{error:?}");
}

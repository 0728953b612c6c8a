use std::net::SocketAddr;

use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::*;
use crate::http::{ConnectOptions, Connector, ProxyChoice};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn pool() -> Pool {
    let options = ConnectOptions { proxy: ProxyChoice::Direct, ..ConnectOptions::default() };
    Connector::new(options).unwrap().pooled()
}

async fn listen() -> (TcpListener, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jobs?limit=1#top", listener.local_addr().unwrap());
    (listener, url.parse().unwrap())
}

fn ask(pool: &Pool, url: &Url) -> tokio::task::JoinHandle<Result<Answered>> {
    let (pool, url) = (pool.clone(), url.clone());
    tokio::spawn(async move { pool.send(Request::new(Either::Left(Full::default())), &url, || {}).await })
}

/// The head of the next request on a connection. Empty if the client closed it.
async fn head(connection: &mut TcpStream) -> String {
    let mut received = Vec::new();
    while !received.ends_with(b"\r\n\r\n") {
        match connection.read_u8().await {
            Ok(byte) => received.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(received).unwrap()
}

/// Answers the next request on a connection.
async fn serve(connection: &mut TcpStream) -> String {
    let head = head(connection).await;
    connection.write_all(ANSWER).await.unwrap();
    head
}

/// A request on a new connection, which the server answers with `answer`.
async fn exchange(pool: &Pool, listener: &TcpListener, url: &Url, answer: &[u8]) -> (TcpStream, Answered) {
    let asked = ask(pool, url);
    let (mut connection, _) = listener.accept().await.unwrap();
    head(&mut connection).await;
    connection.write_all(answer).await.unwrap();
    (connection, asked.await.unwrap().unwrap())
}

/// Reads an answer to its end, which frees its connection.
async fn finish(answered: Answered) -> SocketAddr {
    let Answered { response, addresses, lease } = answered;
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "ok");
    drop(lease);
    addresses.unwrap().local
}

#[tokio::test]
async fn a_connection_is_used_again_once_its_answer_was_read_and_not_before() {
    let ((listener, url), pool) = (listen().await, pool());
    let (mut one, first) = exchange(&pool, &listener, &url, ANSWER).await;
    let (_two, second) = exchange(&pool, &listener, &url, ANSWER).await;
    let second = finish(second).await;
    let first = finish(first).await;
    assert_ne!(first, second);

    // The one that became free last is the likeliest to be open still.
    for _ in 0..2 {
        let again = ask(&pool, &url);
        let host = listener.local_addr().unwrap();
        assert_eq!(serve(&mut one).await, format!("GET /jobs?limit=1 HTTP/1.1\r\nhost: {host}\r\n\r\n"));
        assert_eq!(finish(again.await.unwrap().unwrap()).await, first);
    }
}

/// JavaScript's thread, on which answers are dropped, has no runtime.
#[tokio::test]
async fn an_answer_that_is_dropped_unread_closes_its_connection_on_any_thread() {
    const BEGUN: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n";
    let ((listener, url), pool) = (listen().await, pool());
    let (mut here, answered) = exchange(&pool, &listener, &url, BEGUN).await;
    drop(answered);
    assert_eq!(head(&mut here).await, "");
    let (mut elsewhere, answered) = exchange(&pool, &listener, &url, BEGUN).await;
    std::thread::spawn(move || drop(answered)).join().unwrap();
    assert_eq!(head(&mut elsewhere).await, "");
}

#[tokio::test]
async fn an_answer_that_was_read_frees_its_connection_on_any_thread() {
    let ((listener, url), pool) = (listen().await, pool());
    let (mut connection, Answered { response, lease, .. }) = exchange(&pool, &listener, &url, ANSWER).await;
    response.into_body().collect().await.unwrap();
    std::thread::spawn(move || drop(lease)).join().unwrap();
    let again = ask(&pool, &url);
    serve(&mut connection).await;
    finish(again.await.unwrap().unwrap()).await;
}

#[tokio::test]
async fn a_connection_that_the_server_closed_while_it_was_free_is_replaced() {
    let ((listener, url), pool) = (listen().await, pool());
    for _ in 0..3 {
        let (connection, answered) = exchange(&pool, &listener, &url, ANSWER).await;
        finish(answered).await;
        drop(connection);
        while pool.0.servers().all[0].idle.iter().any(|idle| !idle.connection.is_closed()) {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_new_connection_that_ends_without_an_answer_is_an_error() {
    let ((listener, url), pool) = (listen().await, pool());
    let asked = ask(&pool, &url);
    let (mut connection, _) = listener.accept().await.unwrap();
    head(&mut connection).await;
    drop(connection);
    let error = asked.await.unwrap().err().unwrap();
    assert!(matches!(error, Error::Network { sent: true, .. }), "{error:?}");
}

#[tokio::test]
async fn a_connection_is_closed_after_half_a_minute_without_a_request() {
    let ((listener, url), pool) = (listen().await, pool());
    let (mut connection, answered) = exchange(&pool, &listener, &url, ANSWER).await;
    finish(answered).await;
    tokio::time::pause();
    tokio::time::advance(IDLE_TIMEOUT.saturating_sub(Duration::from_secs(1))).await;
    assert!(pool.0.take(&url).map(|connection| pool.0.put(connection)).is_some(), "it is still free");
    // From its last use, a second ago.
    tokio::time::advance(Duration::from_secs(2)).await;
    assert!(pool.0.take(&url).map(|connection| pool.0.put(connection)).is_some(), "it was used meanwhile");
    tokio::time::advance(IDLE_TIMEOUT).await;
    tokio::time::resume();
    assert_eq!(head(&mut connection).await, "", "the client closes it");
    assert!(pool.0.servers().all.is_empty());
}

/// A listener with one place for connections that it has not accepted. While another one is there, it takes no connection
/// and refuses none.
fn narrow() -> (TcpListener, Url) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    (listener, url.parse().unwrap())
}

#[tokio::test]
async fn a_connection_that_becomes_free_serves_a_call_that_waits_for_a_new_one() {
    let ((listener, url), pool) = (narrow(), pool());
    let first = ask(&pool, &url);
    let (mut connection, _) = listener.accept().await.unwrap();
    head(&mut connection).await;
    let _queued = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let second = ask(&pool, &url);
    connection.write_all(ANSWER).await.unwrap();
    let used = finish(first.await.unwrap().unwrap()).await;
    serve(&mut connection).await;
    assert_eq!(finish(second.await.unwrap().unwrap()).await, used);
}

#[tokio::test]
async fn a_call_that_is_dropped_while_it_connects_leaves_nothing_behind() {
    let ((listener, url), pool) = (narrow(), pool());
    let _queued = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let mut call = Box::pin(pool.send(Request::new(Either::Left(Full::default())), &url, || {}));
    tokio::select! {
        biased;
        _ = &mut call => panic!("nobody accepts it"),
        () = std::future::ready(()) => {}
    }
    drop(call);
    tokio::task::yield_now().await;
    assert_eq!(Arc::strong_count(&pool.0), 1, "no task has it");
}

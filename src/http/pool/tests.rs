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
    let first = ask(&pool, &url);
    let (mut one, _) = listener.accept().await.unwrap();
    let expected = format!("GET /jobs?limit=1 HTTP/1.1\r\nhost: {}\r\n\r\n", listener.local_addr().unwrap());
    assert_eq!(serve(&mut one).await, expected);
    let first = first.await.unwrap().unwrap();

    let second = ask(&pool, &url);
    let (mut two, _) = listener.accept().await.unwrap();
    serve(&mut two).await;
    let second = finish(second.await.unwrap().unwrap()).await;
    let first = finish(first).await;
    assert_ne!(first, second);

    // The one that became free last is the likeliest to be open still.
    for _ in 0..2 {
        let again = ask(&pool, &url);
        serve(&mut one).await;
        assert_eq!(finish(again.await.unwrap().unwrap()).await, first);
    }
}

#[tokio::test]
async fn an_answer_that_is_dropped_unread_closes_its_connection() {
    let ((listener, url), pool) = (listen().await, pool());
    let asked = ask(&pool, &url);
    let (mut connection, _) = listener.accept().await.unwrap();
    head(&mut connection).await;
    connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").await.unwrap();
    drop(asked.await.unwrap().unwrap());
    assert_eq!(head(&mut connection).await, "");
    let again = ask(&pool, &url);
    let (mut another, _) = listener.accept().await.unwrap();
    serve(&mut another).await;
    finish(again.await.unwrap().unwrap()).await;
}

#[tokio::test]
async fn an_answer_can_be_dropped_on_a_thread_without_a_runtime() {
    let ((listener, url), pool) = (listen().await, pool());
    let asked = ask(&pool, &url);
    let (mut connection, _) = listener.accept().await.unwrap();
    serve(&mut connection).await;
    let answered = asked.await.unwrap().unwrap();
    std::thread::spawn(move || drop(answered)).join().unwrap();
    // Its body had arrived or not: either way another request gets an answer.
    let again = ask(&pool, &url);
    let served = tokio::select! {
        head = serve(&mut connection) => head,
        accepted = listener.accept() => serve(&mut accepted.unwrap().0).await,
    };
    assert!(served.starts_with("GET /jobs?limit=1 "), "{served:?}");
    again.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_connection_that_the_server_closed_while_it_was_free_is_replaced() {
    let ((listener, url), pool) = (listen().await, pool());
    for _ in 0..3 {
        let asked = ask(&pool, &url);
        let (mut connection, _) = listener.accept().await.unwrap();
        serve(&mut connection).await;
        finish(asked.await.unwrap().unwrap()).await;
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
    let asked = ask(&pool, &url);
    let (mut connection, _) = listener.accept().await.unwrap();
    serve(&mut connection).await;
    finish(asked.await.unwrap().unwrap()).await;
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

/// A call that waits for a connection takes the first that it can have.
#[tokio::test]
async fn a_connection_that_becomes_free_serves_a_call_that_waits_for_a_new_one() {
    // A listener whose queue is full takes no connection and refuses none.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let url: Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let pool = pool();
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

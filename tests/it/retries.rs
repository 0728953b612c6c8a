//! What is sent again, counted at the server.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use smartrecruiters::client::{Client, Credential};
use smartrecruiters::credential::ApiKey;
use smartrecruiters::error::ErrorCode;
use smartrecruiters::http::{RequestBody, streamed_body};

use crate::support::{Reply, Server, get, unlimited};

fn client(server: &Server) -> Client {
    let credential = Credential::ApiKey(ApiKey::new("key".into()).unwrap());
    server.client_of(&credential, unlimited())
}

/// Fails the first `failures` times.
async fn failing(failures: usize, fail: impl Fn() -> Reply + Send + Sync + 'static) -> Server {
    let count = AtomicUsize::new(0);
    Server::start(move |_| {
        if count.fetch_add(1, Ordering::SeqCst) < failures { fail() } else { Reply::Json(200, "{}".into()) }
    })
    .await
}

/// How many requests a call takes, and whether it succeeds.
async fn call(server: &Server, method: Method, idempotent: bool, body: RequestBody) -> (usize, bool) {
    let client = client(server);
    let mut request = get(&client, "/jobs");
    request.method = method;
    request.idempotent = idempotent;
    request.body = body;
    let succeeded = client.send(&request).await.is_ok();
    (server.seen().len(), succeeded)
}

fn body() -> RequestBody {
    RequestBody::Bytes(Bytes::from_static(b"{}"))
}

#[tokio::test]
async fn what_may_have_been_done_is_done_again_only_where_that_does_no_harm() {
    for fail in [|| Reply::Drop, || Reply::Json(502, String::new()), || Reply::Json(504, String::new())] {
        assert_eq!(call(&failing(1, fail).await, Method::GET, false, RequestBody::Empty).await, (2, true));
        assert_eq!(call(&failing(1, fail).await, Method::PUT, false, body()).await, (2, true));
        assert_eq!(call(&failing(1, fail).await, Method::POST, false, body()).await, (1, false));
        assert_eq!(call(&failing(1, fail).await, Method::PATCH, false, body()).await, (1, false));
        assert_eq!(call(&failing(1, fail).await, Method::POST, true, body()).await, (2, true));
    }
}

#[tokio::test]
async fn what_was_refused_is_sent_again_whatever_it_is() {
    for fail in [|| Reply::Wait(429, "0"), || Reply::Wait(503, "0")] {
        assert_eq!(call(&failing(1, fail).await, Method::POST, false, body()).await, (2, true));
        assert_eq!(call(&failing(9, fail).await, Method::POST, false, body()).await, (4, false));
    }
}

#[tokio::test]
async fn what_the_server_means_is_not_sent_again() {
    for status in [400, 403, 404, 409, 422, 500] {
        let server = failing(1, move || Reply::Json(status, String::new())).await;
        assert_eq!(call(&server, Method::GET, false, RequestBody::Empty).await, (1, false), "{status}");
    }
}

#[tokio::test]
async fn a_streamed_body_is_sent_once() {
    let server = failing(1, || Reply::Wait(429, "0")).await;
    let (mut upload, stream) = streamed_body();
    let write = tokio::spawn(async move {
        assert!(upload.write(Bytes::from_static(b"part")).await);
        upload.finish();
    });
    let answer = call(&server, Method::PUT, true, RequestBody::Stream(stream, None)).await;
    assert_eq!(answer, (1, false));
    write.await.unwrap();
}

#[tokio::test]
async fn an_answer_that_asks_to_wait_beyond_the_deadline_is_the_last_there_can_be() {
    let server = failing(9, || Reply::Wait(429, "30")).await;
    let client = client(&server);
    let mut request = get(&client, "/jobs");
    request.timeout = Duration::from_secs(20);
    let error = client.send(&request).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::RateLimit);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_body_that_is_cut_is_asked_for_again_only_where_that_does_no_harm() {
    let cut = || Reply::Cut(200, r#"{"total":1"#.into());
    assert_eq!(call(&failing(1, cut).await, Method::GET, false, RequestBody::Empty).await, (2, true));
    assert_eq!(call(&failing(1, cut).await, Method::POST, false, body()).await, (1, false));
    assert_eq!(call(&failing(1, cut).await, Method::POST, true, body()).await, (2, true));
    assert_eq!(call(&failing(9, cut).await, Method::GET, false, RequestBody::Empty).await, (4, false));
}

#[tokio::test]
async fn a_failing_server_sees_a_fifth_more_than_it_is_offered() {
    let server = Server::start(|_| Reply::Wait(503, "0")).await;
    let client = client(&server);
    let calls = 300;
    for _ in 0..calls {
        client.send(&get(&client, "/jobs")).await.unwrap_err();
    }
    let seen = server.seen().len();
    assert!(seen <= calls + calls / 5 + 10, "{seen} requests for {calls} calls");
    assert!(seen >= calls + calls / 5, "{seen} requests for {calls} calls");
}

#[tokio::test]
async fn what_fails_after_a_redirect_does_not_send_the_first_request_again() {
    let nobody = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    for to in ["/moved".to_owned(), nobody] {
        for status in [401, 429, 503] {
            let to = to.clone();
            let server = Server::start(move |seen| {
                if seen.path == "/jobs" { Reply::Redirect(303, to.clone()) } else { Reply::Wait(status, "0") }
            })
            .await;
            call(&server, Method::POST, false, body()).await;
            assert_eq!(server.count("/jobs"), 1, "{status}");
        }
    }
}

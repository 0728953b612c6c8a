//! Lists, read from a server.

use std::sync::Arc;
use std::time::Duration;

use smartrecruiters::client::{Credential, Pages, PagesOptions};
use smartrecruiters::credential::ApiKey;
use smartrecruiters::error::ErrorCode;
use tokio::sync::Semaphore;

use crate::support::{Reply, Server};

const PATH: &str = "/offers";

/// Forty items in pages of ten, of which those at an offset of `held` and more wait for the gate.
async fn forty(held: usize, gate: &Arc<Semaphore>) -> Server {
    let gate = Arc::clone(gate);
    Server::start(move |seen| {
        let offset = seen.path.rsplit_once("offset=").map_or(0, |(_, offset)| offset.parse().unwrap());
        let items: Vec<_> = (offset..offset + 10).map(|id| format!(r#"{{"id":{id}}}"#)).collect();
        let page = Reply::Json(200, format!(r#"{{"content":[{}],"totalFound":40}}"#, items.join(",")));
        if offset >= held { Reply::Held(Arc::clone(&gate), Box::new(page)) } else { page }
    })
    .await
}

fn pages(server: &Server, prefetch: Option<usize>, from: Option<String>) -> Pages {
    let client = server.client(&Credential::ApiKey(ApiKey::new("key".into()).unwrap()));
    let timeout = Duration::from_secs(30);
    let options = PagesOptions { path: PATH.into(), timeout, prefetch, from, ..PagesOptions::default() };
    Pages::new(client, options).unwrap()
}

async fn next(pages: &mut Pages) -> Option<String> {
    let items = pages.next().await.unwrap().items;
    items.map(|items| String::from_utf8(items.to_vec()).unwrap())
}

fn at(offset: usize) -> String {
    format!("{PATH}?limit=100&offset={offset}")
}

#[tokio::test]
async fn what_is_ahead_is_asked_for_while_a_page_is_read() {
    let gate = Arc::new(Semaphore::new(0));
    let server = forty(10, &gate).await;
    let mut pages = pages(&server, None, None);
    assert!(next(&mut pages).await.unwrap().starts_with(r#"[{"id":0},"#));
    for offset in [10, 20, 30] {
        server.reached(&at(offset), 1).await;
    }
    gate.add_permits(3);
    for offset in [10, 20, 30] {
        assert!(next(&mut pages).await.unwrap().starts_with(&format!(r#"[{{"id":{offset}}},"#)));
    }
    assert_eq!(next(&mut pages).await, None);
    assert_eq!(next(&mut pages).await, None);
    assert_eq!(server.seen().len(), 4);
    let progress = pages.position().progress(0);
    assert_eq!((progress.done, progress.total, progress.missing), (40, Some(40), 0));
}

#[tokio::test]
async fn a_pass_that_is_stopped_leaves_no_request_behind() {
    let gate = Arc::new(Semaphore::new(0));
    let server = forty(10, &gate).await;
    let mut pages = pages(&server, None, None);
    next(&mut pages).await.unwrap();
    for offset in [10, 20, 30] {
        server.reached(&at(offset), 1).await;
    }
    assert_eq!(Arc::strong_count(&gate), 2 + 3, "the server's own, ours, and that of each answer");
    pages.stop().await;
    // The server hears of it a little later.
    while Arc::strong_count(&gate) > 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn a_pass_goes_on_within_a_page() {
    let gate = Arc::new(Semaphore::new(0));
    let server = forty(usize::MAX, &gate).await;
    let mut first = pages(&server, Some(0), None);
    next(&mut first).await.unwrap();
    next(&mut first).await.unwrap();
    let cursor = first.position().cursor(7);
    let mut rest = pages(&server, None, Some(cursor.clone()));
    assert_eq!(rest.position().cursor(0), cursor);
    assert_eq!(next(&mut rest).await.unwrap(), r#"[{"id":17},{"id":18},{"id":19}]"#);
    assert!(next(&mut rest).await.unwrap().starts_with(r#"[{"id":20},"#));
    next(&mut rest).await.unwrap();
    assert_eq!(next(&mut rest).await, None);
    let progress = rest.position().progress(0);
    assert_eq!((progress.done, progress.duplicates, progress.missing), (40, 0, 0));
    // And from the end, to the end.
    let seen = server.seen().len();
    assert_eq!(next(&mut pages(&server, None, Some(rest.position().cursor(0)))).await, None);
    assert_eq!(server.seen().len(), seen);
}

#[tokio::test]
async fn an_error_is_the_end_of_a_pass() {
    let server = Server::start(|seen| {
        let body = r#"{"content":[{}],"totalFound":3}"#;
        if seen.path.ends_with("offset=1") {
            Reply::Json(403, "{}".into())
        } else {
            Reply::Json(200, body.into())
        }
    })
    .await;
    let mut pages = pages(&server, None, None);
    next(&mut pages).await.unwrap();
    assert_eq!(pages.next().await.unwrap_err().code(), ErrorCode::Permission);
    assert_eq!(next(&mut pages).await, None);
}

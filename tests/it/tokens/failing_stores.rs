//! Stores that fail while a grant is renewed or authorized.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use smartrecruiters::client::Credential;
use smartrecruiters::clock::ManualClock;
use smartrecruiters::error::{Error, ErrorCode};
use smartrecruiters::store::{GrantRecord, GrantState, MemoryStore, Sealer, Store as _};

use super::{TOKEN, app, callback, many_calls, strict, under_clock};
use crate::support::store::Line;
use crate::support::{Server, customer, exchange, get};

/// Whether the record says that the grant is being exchanged.
fn is_journalled(store: &MemoryStore) -> bool {
    let stored = store.load("customer").now_or_never().unwrap().unwrap().unwrap();
    let record: GrantRecord = Sealer::new(store, None).unwrap().open("customer", &stored).unwrap();
    matches!(record.state, GrantState::Exchanging { .. })
}

#[tokio::test]
async fn a_store_that_is_down_fails_no_call_while_the_token_lives_and_begins_no_exchange() {
    for fails in [["load", "swap"].as_slice(), &["swap"]] {
        let records = Arc::new(MemoryStore::new());
        let (line, store) = Line::to(Arc::clone(&records) as _, fails);
        let unjournalled = Arc::new(AtomicUsize::new(0));
        let server = {
            let (unjournalled, strict) = (Arc::clone(&unjournalled), strict());
            Server::start(move |seen| {
                if seen.path == TOKEN && !is_journalled(&records) {
                    unjournalled.fetch_add(1, Ordering::SeqCst);
                }
                strict(seen)
            })
            .await
        };
        let clock = ManualClock::new();
        let grant = app(&server, store, &clock).import(customer("rt-0")).await.unwrap();
        let client = under_clock(&server, &Credential::Grant(grant), &clock);
        let call = || async { client.send(&get(&client, "/jobs")).await };
        call().await.unwrap();

        // Ten minutes: renewal begins five minutes before the token's end; half a minute before it, it is not used.
        clock.advance(Duration::from_secs(1800 - 330));
        line.cut.store(true, Ordering::SeqCst);
        let (mut answered, mut failed) = (0, 0);
        for _ in 0..600 {
            match call().await {
                Ok(_) => answered += 1,
                Err(error) => {
                    assert!(matches!(error, Error::Store { .. }), "{error:?}");
                    failed += 1;
                }
            }
            clock.advance(Duration::from_secs(1));
        }
        assert_eq!(
            (answered, failed),
            (300, 300),
            "every call while it lived, and one typed error for each after"
        );
        // At once: the store is asked again with backoff, not by each call, and no call waits for it to come back. The
        // longest wait is three seconds, so that renewals go on soon after a failover.
        let asked = line.refused.load(Ordering::SeqCst);
        assert!(asked <= 300, "{asked} times in ten minutes");
        assert_eq!(server.count(TOKEN), 1, "no exchange without a journal");

        line.cut.store(false, Ordering::SeqCst);
        clock.advance(Duration::from_secs(15));
        many_calls(&client, 10).await;
        assert_eq!((server.count(TOKEN), unjournalled.load(Ordering::SeqCst)), (2, 0));
    }
}

#[tokio::test]
async fn an_authorization_outlives_a_store_that_fails_and_costs_no_code_before() {
    let (line, store) = Line::to_memory();
    let (server, clock) = (Server::start(strict()).await, ManualClock::new());
    let app = app(&server, store, &clock);
    let (url, state) = callback(&app);
    line.cut.store(true, Ordering::SeqCst);
    let error = Arc::clone(&app).exchange(exchange(&url, &state, "customer")).await.unwrap_err();
    assert_eq!((error.code(), server.count(TOKEN)), (ErrorCode::Store, 0), "the code is still good");

    line.cut.store(false, Ordering::SeqCst);
    // Written, but the store's answer is lost, and what comes next fails too.
    *line.cuts_after.lock().unwrap() = Some(1);
    let refused = line.refused.load(Ordering::SeqCst);
    let exchanging = tokio::spawn({
        let app = Arc::clone(&app);
        async move { app.exchange(exchange(&url, &state, "customer")).await }
    });
    while line.refused.load(Ordering::SeqCst) < refused + 3 {
        tokio::task::yield_now().await;
    }
    assert!(!exchanging.is_finished());
    line.cut.store(false, Ordering::SeqCst);
    let grant = exchanging.await.unwrap().unwrap();
    assert_eq!((grant.id.as_str(), server.count(TOKEN)), ("customer", 1));
    let client = under_clock(&server, &Credential::Grant(grant), &clock);
    client.send(&get(&client, "/jobs")).await.unwrap();
    assert_eq!(server.count(TOKEN), 1, "its access token is at hand");
}

use std::time::Duration;

use super::*;
use crate::clock::{Clock as _, ManualClock};
use crate::credential::{ClientAuthentication, OAuthClient};
use crate::error::ErrorCode;
use crate::oauth::TokenEndpoint;
use crate::once::Vault;
use crate::secret::Secret;
use crate::store::{MemoryStore, Sealer, Store, Swap, Version};
use crate::token::RefreshToken;

fn record(state: GrantState) -> GrantRecord {
    GrantRecord { state, ..GrantRecord::new(RefreshToken(Secret::new("rt-1")), 0) }
}

/// The record once it holds this access token.
fn renewed(clock: &ManualClock, record: &GrantRecord, access: &str) -> GrantRecord {
    let access = AccessToken {
        value: Secret::new(access),
        scopes: Vec::new(),
        issued: clock.now(),
        lifetime: Duration::from_secs(1800),
    };
    record.fulfilled(record, &TokenSet { access: Some(access), issued: clock.now(), refresh: None })
}

/// Its token endpoint is port 9 of loopback (discard): nobody listens, so nothing is ever sent.
fn renewal(store: &Arc<MemoryStore>, clock: &ManualClock) -> GrantRenewal {
    let connector = crate::http::Connector::new(crate::http::ConnectOptions::default()).unwrap();
    let url = url::Url::parse("http://127.0.0.1:9/token").unwrap();
    let client = OAuthClient::new("id".into(), "secret".into(), ClientAuthentication::Body).unwrap();
    let endpoint = TokenEndpoint::new(url, &connector);
    let vault = Vault::new(Arc::clone(store) as _, None, Arc::new(clock.clone())).unwrap();
    Arc::new(Grants::new(client, endpoint, vault)).renewal("g")
}

async fn stored(store: &MemoryStore) -> (Version, GrantRecord) {
    let stored = store.load("g").await.unwrap().unwrap();
    (stored.version, Sealer::new(&MemoryStore::new(), None).unwrap().open("g", &stored).unwrap())
}

/// A store that holds this record.
async fn holding(record: &GrantRecord) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new());
    let bytes = Sealer::new(&*store, None).unwrap().seal("g", 1, record).unwrap();
    assert_eq!(store.swap("g", 0, bytes, record.due()).await.unwrap(), Swap::Won);
    store
}

fn idle() -> GrantRecord {
    record(GrantState::Idle { unresolved: 0 })
}

#[tokio::test]
async fn a_token_that_another_process_got_is_adopted() {
    let clock = ManualClock::new();
    let store = holding(&renewed(&clock, &idle(), "theirs")).await;
    // With `renewed_here` the process connects early. The connection fails, and the caller must not notice.
    for renewed_here in [false, true] {
        let renewal = GrantRenewal { renewed_here: renewed_here.into(), ..renewal(&store, &clock) };
        let token = renewal.renew(None).await.unwrap();
        assert_eq!(token.value.expose(), "theirs");
        assert_eq!(stored(&store).await.0, 1, "nothing was written");
        assert!(!renewal.is_expected_to_ask(), "another process goes first now");
    }
}

#[tokio::test]
async fn a_connection_that_never_stood_costs_nothing() {
    let clock = ManualClock::new();
    let store = holding(&idle()).await;
    for renewed_here in [false, true] {
        let renewal = GrantRenewal { renewed_here: renewed_here.into(), ..renewal(&store, &clock) };
        let error = renewal.renew(None).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::TokenUnavailable);
        let (version, after) = stored(&store).await;
        assert_eq!((version, after.state), (1, GrantState::Idle { unresolved: 0 }), "nothing was written");
    }
}

#[tokio::test]
async fn a_grant_that_has_ended_says_why_and_stays() {
    let clock = ManualClock::new();
    for reason in [
        ReauthorizationReason::RevokedOrExpired,
        ReauthorizationReason::ResponseLost,
        ReauthorizationReason::Exported,
    ] {
        let store = holding(&record(GrantState::Ended { reason })).await;
        let error = renewal(&store, &clock).renew(None).await.unwrap_err();
        assert!(matches!(error, Error::ReauthorizationRequired { reason: said, .. } if said == reason));
        assert_eq!(stored(&store).await.1.refresh.0.expose(), "rt-1");
    }
}

#[tokio::test]
async fn a_grant_that_is_not_there_is_named() {
    let error = renewal(&Arc::new(MemoryStore::new()), &ManualClock::new()).renew(None).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::UnknownGrant);
    assert!(error.to_string().contains("\"g\""));
}

#[tokio::test]
async fn the_access_token_of_a_grant_that_was_exported_is_not_used_here() {
    let clock = ManualClock::new();
    for (reason, used) in
        [(ReauthorizationReason::Exported, false), (ReauthorizationReason::RevokedOrExpired, true)]
    {
        let ended = GrantRecord { state: GrantState::Ended { reason }, ..renewed(&clock, &idle(), "at") };
        let store = holding(&ended).await;
        assert_eq!(renewal(&store, &clock).renew(None).await.is_ok(), used, "{reason:?}");
    }
}

#[tokio::test]
async fn a_refused_refresh_token_is_not_presented_before_its_time() {
    let clock = ManualClock::new();
    let refused = Refusal {
        since: 1,
        times: 3,
        retry_at: clock.now().unix_millis() + 4_000,
        status: 400,
        code: "account_suspended".into(),
        description: Some("ask your administrator".into()),
    };
    let store = holding(&GrantRecord { refused: Some(refused), ..idle() }).await;
    let renewal = renewal(&store, &clock);
    for _ in 0..2 {
        let error = renewal.renew(None).await.unwrap_err();
        assert!(
            matches!(&error, Error::TokenRefused { answer, .. } if answer.description.as_deref() == Some("ask your administrator")),
            "{error:?}"
        );
        renewal.keep_alive(u64::MAX).await.unwrap_err();
    }
    clock.advance(Duration::from_secs(4));
    assert_eq!(
        renewal.renew(None).await.unwrap_err().code(),
        ErrorCode::TokenUnavailable,
        "it is asked for again"
    );
}

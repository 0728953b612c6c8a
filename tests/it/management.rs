//! Many grants of an app: listed without loading all, sealed anew, and moved.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use smartrecruiters::client::{Client, Credential};
use smartrecruiters::clock::{Clock as _, ManualClock};
use smartrecruiters::error::{Error, ErrorCode, ReauthorizationReason, Result};
use smartrecruiters::lifecycle::{Grant, GrantFilter, GrantInfo, ListedGrantState, OAuthApp, RekeyProgress};
use smartrecruiters::secret::Secret;
use smartrecruiters::store::{
    Due, GrantRecord, GrantState, MemoryStore, NEVER, REFRESH_TOKEN_LIFETIME, Record, Sealer, Sealing,
    SealingKey, SqliteOptions, SqliteStore, Store, StoredAccessToken, Swap,
};
use smartrecruiters::token::RefreshToken;
use tokio::sync::Semaphore;

use crate::stores::Folder;
use crate::support::store::{Call, Fate, ScriptedStore};
use crate::support::{Reply, Server, customer, get, token};
use crate::tokens::{TOKEN, app_with, many_calls, strict, under_clock};

const GRANTS: u64 = 10_000;
const PAGE: usize = 100;

fn key(byte: &str) -> SealingKey {
    SealingKey::new(&Secret::new(byte.repeat(32))).unwrap()
}

fn sealing(keys: &[&str]) -> Sealing {
    Sealing::Keys(keys.iter().map(|byte| key(byte)).collect())
}

fn record(refresh_issued_at: u64, state: GrantState) -> GrantRecord {
    let bare = GrantRecord::new(RefreshToken(Secret::new("rt")), refresh_issued_at);
    GrantRecord { scopes: vec!["jobs_read".into()], state, ..bare }
}

fn idle() -> GrantState {
    GrantState::Idle { unresolved: 0 }
}

fn ended(reason: ReauthorizationReason) -> GrantState {
    GrantState::Ended { reason }
}

async fn put(store: &dyn Store, sealer: &Sealer, id: &str, record: &GrantRecord) {
    let bytes = sealer.seal(id, 1, record).unwrap();
    assert_eq!(store.swap(id, 0, bytes, record.due()).await.unwrap(), Swap::Won);
}

async fn listed(app: &OAuthApp, filter: GrantFilter) -> Vec<GrantInfo> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = app.grants(filter, after).await.unwrap();
        assert!(page.grants.len() <= PAGE);
        all.extend(page.grants);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

fn ids(grants: &[GrantInfo]) -> Vec<&str> {
    grants.iter().map(|grant| grant.id.as_str()).collect()
}

#[tokio::test]
async fn ten_thousand_grants_are_listed_in_order_and_a_hundred_at_a_time() {
    let (server, clock, folder) = (Server::start(strict()).await, ManualClock::new(), Folder::new());
    let inner = SqliteStore::new(SqliteOptions {
        path: folder.0.join("grants.sqlite"),
        create: false,
        namespace: None,
    })
    .unwrap();
    let [pages, loads] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    let store: Arc<dyn Store> = Arc::new(ScriptedStore::over(Arc::new(inner), {
        let (pages, loads) = (Arc::clone(&pages), Arc::clone(&loads));
        move |call| {
            match call {
                Call::Due => drop(pages.fetch_add(1, Ordering::SeqCst)),
                Call::Load(_) => drop(loads.fetch_add(1, Ordering::SeqCst)),
                _ => {}
            }
            Fate::Passes
        }
    }));
    let sealer = Sealer::new(&*store, Some(sealing(&["01"]))).unwrap();
    let now = clock.now().unix_millis();
    for number in 0..GRANTS {
        // Not in the order of their ids, and some at once.
        let record = record(now - number * 7_919 % 5_000 * 1_000, idle());
        put(&*store, &sealer, &format!("grant-{number}"), &record).await;
    }
    for number in 0..2 * PAGE {
        let bytes = b"another kind of record".to_vec();
        assert_eq!(store.swap(&format!("customer:{number}"), 0, bytes, NEVER).await.unwrap(), Swap::Won);
    }
    for (id, reason) in [
        ("ended-a", ReauthorizationReason::ResponseLost),
        ("ended-b", ReauthorizationReason::Forgotten),
        ("ended-c", ReauthorizationReason::RevokedOrExpired),
    ] {
        put(&*store, &sealer, id, &record(now, ended(reason))).await;
    }

    let app = app_with(&server, Arc::clone(&store), Some(sealing(&["01"])), &clock).unwrap();
    let grants = listed(&app, GrantFilter::default()).await;
    let (living, ended) = grants.split_at(usize::try_from(GRANTS).unwrap());
    assert!(living.is_sorted_by_key(|grant| grant.refresh_expires_at));
    assert_eq!(ids(living).into_iter().collect::<BTreeSet<_>>().len(), living.len(), "each once");
    assert!(living.iter().all(|grant| grant.state == ListedGrantState::Active && grant.reason.is_none()));
    assert_eq!(ids(ended), ["ended-a", "ended-c"]);
    // The last page is the one that has nothing.
    let records = living.len() + 3 + 2 * PAGE;
    assert_eq!(pages.swap(0, Ordering::SeqCst), records.div_ceil(PAGE) + 1);
    assert_eq!(loads.swap(0, Ordering::SeqCst), living.len() + 3, "of other kinds, none is loaded");

    let page = app.grants(GrantFilter::default(), None).await.unwrap();
    assert_eq!(page.grants.len(), PAGE - 1, "the record of the one that was forgotten is removed first");
    assert_eq!((pages.load(Ordering::SeqCst), loads.load(Ordering::SeqCst)), (1, PAGE));
}

#[tokio::test]
async fn grants_are_listed_by_state_and_by_expiry() {
    let (server, clock) = (Server::start(strict()).await, ManualClock::new());
    let store = Arc::new(MemoryStore::new());
    let sealer = Sealer::new(&*store, None).unwrap();
    let now = clock.now().unix_millis();
    let exchanging = |until| GrantState::Exchanging { owner: "p".into(), until, unresolved: 0 };
    let access = StoredAccessToken { value: Secret::new("at"), issued_at: now, expires_at: now + 5 };
    for (id, record) in [
        ("active", GrantRecord { access: Some(access), ..record(now - 3, idle()) }),
        ("renewing", record(now - 2, exchanging(now + 1))),
        ("abandoned", record(now - 1, exchanging(now))),
        ("revoked", record(now - 9, ended(ReauthorizationReason::RevokedOrExpired))),
        ("forgotten", record(now - 9, ended(ReauthorizationReason::Forgotten))),
    ] {
        put(&*store, &sealer, id, &record).await;
    }
    let app = app_with(&server, store, None, &clock).unwrap();
    let by = async |state, expires_before| {
        listed(&app, GrantFilter { state, expires_before })
            .await
            .into_iter()
            .map(|info| info.id)
            .collect::<Vec<_>>()
    };
    let expiry = |ago| Some(now + u64::try_from(REFRESH_TOKEN_LIFETIME.as_millis()).unwrap() - ago);
    assert_eq!(by(None, None).await, ["active", "renewing", "abandoned", "revoked"]);
    assert_eq!(by(Some(ListedGrantState::Active), None).await, ["active", "abandoned"]);
    assert_eq!(by(Some(ListedGrantState::Renewing), None).await, ["renewing"]);
    assert_eq!(by(Some(ListedGrantState::Ended), None).await, ["revoked"]);
    assert_eq!(by(None, expiry(1)).await, ["active", "renewing"], "an ended one has nothing left to expire");
    assert_eq!(by(Some(ListedGrantState::Active), expiry(1)).await, ["active"]);
    assert_eq!(by(None, expiry(3)).await, [""; 0]);
    let contradiction = GrantFilter { state: Some(ListedGrantState::Ended), expires_before: Some(now) };
    let error = app.grants(contradiction, None).await.unwrap_err();
    assert!(matches!(error, Error::Configuration { field, .. } if field == "expiresBefore"));

    let all = listed(&app, GrantFilter::default()).await;
    let expected = GrantInfo {
        metadata: BTreeMap::new(),
        refusal: None,
        id: "active".into(),
        state: ListedGrantState::Active,
        reason: None,
        scopes: vec!["jobs_read".into()],
        refresh_issued_at: now - 3,
        refresh_expires_at: expiry(3).unwrap(),
        access_expires_at: Some(now + 5),
    };
    assert_eq!(all[0], expected);
    assert_eq!(
        (all[3].reason, all[3].refresh_expires_at),
        (Some(ReauthorizationReason::RevokedOrExpired), expiry(9).unwrap())
    );
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_named_and_ends_the_listing() {
    let (server, clock) = (Server::start(strict()).await, ManualClock::new());
    let store = Arc::new(MemoryStore::new());
    let now = clock.now().unix_millis();
    for (id, byte) in [("readable", "01"), ("unreadable", "02")] {
        let sealer = Sealer::new(&*store, Some(sealing(&[byte]))).unwrap();
        put(&*store, &sealer, id, &record(now, idle())).await;
    }
    let app = app_with(&server, store, Some(sealing(&["01"])), &clock).unwrap();
    let error = app.grants(GrantFilter::default(), None).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Store);
    let said = error.to_string();
    assert!(said.contains("\"unreadable\"") && said.contains("a key that was not given"), "{said}");
}

/// A record of another kind.
struct Other;

impl Record for Other {
    fn encode(&self) -> Result<Vec<u8>> {
        Ok(b"another kind".to_vec())
    }
    fn decode(bytes: &[u8]) -> Result<Self> {
        assert_eq!(bytes, b"another kind");
        Ok(Self)
    }
}

#[tokio::test]
async fn rekeying_seals_records_of_all_kinds_anew_and_changes_nothing_else() {
    let (server, clock) = (Server::start(strict()).await, ManualClock::new());
    let store = Arc::new(MemoryStore::new());
    let [old, new, lost] =
        ["01", "02", "03"].map(|byte| Sealer::new(&*store, Some(sealing(&[byte]))).unwrap());
    let now = clock.now().unix_millis();
    for number in 0..250 {
        put(&*store, &old, &format!("grant-{number}"), &record(now - number, idle())).await;
    }
    put(&*store, &old, "ended", &record(now, ended(ReauthorizationReason::Forgotten))).await;
    put(&*store, &new, "new", &record(now, idle())).await;
    put(&*store, &lost, "unreadable", &record(now, idle())).await;
    let bytes = old.seal("customer:acme", 1, &Other).unwrap();
    assert_eq!(store.swap("customer:acme", 0, bytes, NEVER).await.unwrap(), Swap::Won);
    let before = store.due(NEVER + 1, 1_000, None).await.unwrap();

    let told = Arc::new(Mutex::new(Vec::new()));
    let both =
        app_with(&server, Arc::<MemoryStore>::clone(&store), Some(sealing(&["02", "01"])), &clock).unwrap();
    let rekey = async || {
        told.lock().unwrap().clear();
        let steps = Arc::clone(&told);
        Arc::clone(&both).rekey(move |step| steps.lock().unwrap().push(step)).await.unwrap()
    };
    let done = RekeyProgress { resealed: 252, skipped: 1, failed: 1 };
    assert_eq!(rekey().await, done);
    let steps = told.lock().unwrap().clone();
    assert_eq!((steps.len(), steps.last()), (254, Some(&done)));
    assert_eq!(store.due(NEVER + 1, 1_000, None).await.unwrap(), before, "each is due when it was");
    for place in before.iter().filter(|place| place.id != "unreadable") {
        let stored = store.load(&place.id).await.unwrap().unwrap();
        assert_eq!(stored.version, if place.id == "new" { 1 } else { 2 });
        if place.id == "customer:acme" {
            new.open::<Other>(&place.id, &stored).unwrap();
        } else {
            assert_eq!(new.open::<GrantRecord>(&place.id, &stored).unwrap().due(), place.due);
        }
    }
    assert_eq!(rekey().await, RekeyProgress { resealed: 0, skipped: 253, failed: 1 });

    let plain = app_with(&server, store, Some(Sealing::Plain), &clock).unwrap();
    let error = plain.rekey(drop).await.unwrap_err();
    assert!(matches!(error, Error::Configuration { field, .. } if field == "encryptionKey"));
}

/// Somebody who has the old key alone renews a grant just before it is loaded.
async fn renewed(store: Arc<dyn Store>, refresh_issued_at: u64) -> Fate {
    let version = store.load("g").await.unwrap().map_or(0, |stored| stored.version);
    let record = record(refresh_issued_at, idle());
    let bytes =
        Sealer::new(&*store, Some(sealing(&["01"]))).unwrap().seal("g", version + 1, &record).unwrap();
    assert_eq!(store.swap("g", version, bytes, record.due()).await.unwrap(), Swap::Won);
    Fate::Passes
}

#[tokio::test]
async fn a_grant_that_is_renewed_while_it_is_sealed_anew_is_due_by_its_new_token() {
    let (server, clock) = (Server::start(strict()).await, ManualClock::new());
    let now = clock.now().unix_millis();
    let inner: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let left = AtomicU64::new(2);
    let store: Arc<dyn Store> = Arc::new(ScriptedStore::over(Arc::clone(&inner), {
        let inner = Arc::clone(&inner);
        move |call| {
            let Call::Load(_) = call else { return Fate::Passes };
            let less = |left: u64| left.checked_sub(1);
            match left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) {
                Ok(left) => Fate::Later(Box::pin(renewed(Arc::clone(&inner), now + 10 - left))),
                Err(_) => Fate::Passes,
            }
        }
    }));
    // It makes the record, and renews it once it is listed.
    store.load("g").await.unwrap();
    let app = app_with(&server, Arc::clone(&store), Some(sealing(&["02", "01"])), &clock).unwrap();
    let done = app.rekey(drop).await.unwrap();
    // Renewed, it is in the list once more.
    assert_eq!(done, RekeyProgress { resealed: 1, skipped: 1, failed: 0 });
    let stored = inner.load("g").await.unwrap().unwrap();
    let newest =
        Sealer::new(&*store, Some(sealing(&["02"]))).unwrap().open::<GrantRecord>("g", &stored).unwrap();
    assert_eq!((stored.version, newest.refresh_issued_at), (3, now + 9));
    let place = Due { due: newest.due(), id: "g".into() };
    assert_eq!(store.due(NEVER + 1, 10, None).await.unwrap(), [place]);
}

fn client(server: &Server, app: &Arc<OAuthApp>, clock: &ManualClock) -> Client {
    let grant = app.grant("customer".into()).unwrap();
    under_clock(server, &Credential::Grant(grant), clock)
}

async fn refused_as_exported(client: &Client) {
    let error = client.send(&get(client, "/jobs")).await.unwrap_err();
    assert!(
        matches!(error, Error::ReauthorizationRequired { reason: ReauthorizationReason::Exported, .. }),
        "{error:?}"
    );
}

fn outdated(refused: Result<Grant>) {
    let error = refused.unwrap_err();
    assert!(error.to_string().starts_with("sealed: is older than what the store holds"), "{error}");
}

#[tokio::test]
async fn a_grant_moves_to_another_app_and_back_and_is_never_in_both() {
    let (server, clock) = (Server::start(strict()).await, ManualClock::new());
    // Of the other, another key comes first.
    let [here, there] = [&["01"][..], &["02", "01"]]
        .map(|keys| app_with(&server, Arc::new(MemoryStore::new()), Some(sealing(keys)), &clock).unwrap());
    let [our, their] = [&here, &there].map(|app| client(&server, app, &clock));
    Arc::clone(&here).import(customer("rt-0")).await.unwrap();
    many_calls(&our, 3).await;

    let sealed = Arc::clone(&here).export("customer".into()).await.unwrap();
    refused_as_exported(&our).await;
    let again = Arc::clone(&here).export("customer".into()).await.unwrap();
    let imported = Arc::clone(&there).import_sealed(&again).await.unwrap();
    assert_eq!(imported.id, "customer");
    many_calls(&their, 3).await;
    assert_eq!(server.count(TOKEN), 1, "the access token came along");
    refused_as_exported(&our).await;

    // What comes twice changes nothing, and what is outdated costs nothing.
    Arc::clone(&there).import_sealed(&sealed).await.unwrap();
    clock.advance(Duration::from_secs(1800));
    many_calls(&their, 3).await;
    outdated(Arc::clone(&there).import_sealed(&sealed).await);
    many_calls(&their, 3).await;

    let back = Arc::clone(&there).export("customer".into()).await.unwrap();
    refused_as_exported(&their).await;
    let unknown_key = Arc::clone(&here).import_sealed(&back).await.unwrap_err();
    assert!(unknown_key.to_string().contains("a key that was not given"), "{unknown_key}");
    outdated(Arc::clone(&there).import_sealed(&sealed).await);
    Arc::clone(&there).import_sealed(&back).await.unwrap();
    clock.advance(Duration::from_secs(1800));
    many_calls(&their, 3).await;
    let presented: Vec<_> = server
        .seen()
        .iter()
        .filter(|seen| seen.path == TOKEN)
        .map(|seen| seen.body.split("refresh_token=").nth(1).unwrap().split('&').next().unwrap().to_owned())
        .collect();
    assert_eq!(presented, ["rt-0", "rt-1", "rt-2"]);
}

#[tokio::test]
async fn an_export_waits_for_the_renewal_in_flight() {
    let gate = Arc::new(Semaphore::new(0));
    let server = {
        let gate = Arc::clone(&gate);
        Server::start(move |seen| match seen.path.as_str() {
            TOKEN => Reply::Held(Arc::clone(&gate), Box::new(token("at-1", Some("rt-1")))),
            _ => Reply::Json(200, "{}".into()),
        })
        .await
    };
    let clock = ManualClock::new();
    let [here, there] = [(); 2]
        .map(|()| app_with(&server, Arc::new(MemoryStore::new()), Some(sealing(&["01"])), &clock).unwrap());
    Arc::clone(&here).import(customer("rt-0")).await.unwrap();
    let our = client(&server, &here, &clock);
    let call = tokio::spawn(async move { our.send(&get(&our, "/jobs")).await.map(|answer| answer.status) });
    server.reached(TOKEN, 1).await;
    let export = tokio::spawn(Arc::clone(&here).export("customer".into()));
    tokio::task::yield_now().await;
    assert!(!export.is_finished());
    gate.add_permits(1);
    let imported = Arc::clone(&there).import_sealed(&export.await.unwrap().unwrap()).await.unwrap();
    // The call has its answer, or came too late for the token.
    let status = call.await.unwrap();
    assert!(status.is_ok() || matches!(status, Err(Error::ReauthorizationRequired { .. })), "{status:?}");
    let held = imported.source.token().await.unwrap();
    assert_eq!((held.token.value.expose(), server.count(TOKEN)), ("at-1", 1));
}

#[tokio::test]
async fn an_exchange_of_unknown_outcome_is_not_forgotten_on_the_way() {
    let server = Server::start(|_| Reply::Json(400, r#"{"error":"invalid_grant"}"#.into())).await;
    let clock = ManualClock::new();
    let (store, now) = (Arc::new(MemoryStore::new()), clock.now().unix_millis());
    let abandoned = GrantState::Exchanging { owner: "p".into(), until: now - 300_000, unresolved: 0 };
    put(&*store, &Sealer::new(&*store, Some(sealing(&["01"]))).unwrap(), "customer", &record(now, abandoned))
        .await;
    let here = app_with(&server, store, Some(sealing(&["01"])), &clock).unwrap();
    let there = app_with(&server, Arc::new(MemoryStore::new()), Some(sealing(&["01"])), &clock).unwrap();
    let sealed = here.export("customer".into()).await.unwrap();
    let imported = there.import_sealed(&sealed).await.unwrap();
    let error = imported.source.token().await.unwrap_err();
    assert!(
        matches!(error, Error::ReauthorizationRequired { reason: ReauthorizationReason::ResponseLost, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn only_a_living_grant_is_exported_and_only_with_a_key() {
    let (server, clock) = (Server::start(strict()).await, ManualClock::new());
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let sealed = app_with(&server, Arc::clone(&store), Some(sealing(&["01"])), &clock).unwrap();
    let error = Arc::clone(&sealed).export("nobody".into()).await.unwrap_err();
    assert!(error.to_string().contains("grant \"nobody\" does not exist"), "{error}");
    Arc::clone(&sealed).import(customer("rt-0")).await.unwrap();
    let text = Arc::clone(&sealed).export("customer".into()).await.unwrap();
    Arc::clone(&sealed).forget("customer".into()).await.unwrap();
    let error = Arc::clone(&sealed).export("customer".into()).await.unwrap_err();
    assert!(matches!(error, Error::ReauthorizationRequired { reason: ReauthorizationReason::Forgotten, .. }));
    // What was forgotten holds nothing that could be newer.
    Arc::clone(&sealed).import_sealed(&text).await.unwrap();
    many_calls(&client(&server, &sealed, &clock), 1).await;

    let plain = app_with(&server, Arc::new(MemoryStore::new()), None, &clock).unwrap();
    Arc::clone(&plain).import(customer("rt-0")).await.unwrap();
    for refused in [
        Arc::clone(&plain).export("customer".into()).await.map(|_| ()),
        Arc::clone(&plain).import_sealed(&text).await.map(|_| ()),
    ] {
        assert!(matches!(refused, Err(Error::Configuration { field, .. }) if field == "encryptionKey"));
    }
}

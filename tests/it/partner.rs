//! A partner's customers: credentials that are issued once get into the store, whatever goes wrong on the way.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use smartrecruiters::client::{
    Client, ClientOptions, Credential, CustomerInfo, ListedCustomerState, PartnerApp, PartnerAppOptions,
};
use smartrecruiters::clock::{Clock as _, ManualClock};
use smartrecruiters::credential::{ClientAuthentication, OAuthClient};
use smartrecruiters::error::{Error, ErrorCode, IntegrationReason, Result};
use smartrecruiters::http::{BaseUrl, ConnectOptions};
use smartrecruiters::lifecycle::Customer;
use smartrecruiters::store::{MemoryStore, NEVER, Store, Stored};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::support::store::{Call, Fate, Line, ScriptedStore};
use crate::support::{Reply, Seen, Server, client, get, token};

const TOKEN: &str = "/identity/oauth/token";
const INTEGRATIONS: &str = "/apps-integrations/partner-api/integrations";
const LEASE: Duration = Duration::from_secs(180);
/// After this long a lease is over for a process that did not watch it, too.
const LONG_PAST: Duration = Duration::from_secs(180 + 300);
const ACME: &str = "customer:acme";

fn oauth_client(id: &str) -> OAuthClient {
    OAuthClient::new(id.into(), format!("secret-of-{id}"), ClientAuthentication::Body).unwrap()
}

fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

/// One process: it has nothing in common with others but the store.
fn process(server: &Server, store: &Arc<dyn Store>, clock: &ManualClock) -> Arc<PartnerApp> {
    let options = PartnerAppOptions {
        client: oauth_client("master"),
        environment: None,
        base_url: Some(server.url()),
        token_url: None,
        store: Arc::clone(store),
        sealing: None,
        connect: ConnectOptions::default(),
        limits: None,
    };
    PartnerApp::new(options, Arc::new(clock.clone())).unwrap()
}

fn connect(app: &Arc<PartnerApp>, company: &str) -> JoinHandle<Result<Customer>> {
    tokio::spawn(Arc::clone(app).connect(company.to_owned()))
}

fn import(app: &Arc<PartnerApp>, company: &str, client: &str) -> JoinHandle<Result<Customer>> {
    let (app, company, client) = (Arc::clone(app), company.to_owned(), oauth_client(client));
    tokio::spawn(async move { app.import(company, client).await })
}

/// Lets everybody do what there is to do without waiting.
async fn everybody_waits() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// Lets this much time pass, while everybody who watches a lease looks at it.
async fn it_is_watched(clock: &ManualClock, length: Duration) {
    let step = Duration::from_secs(4);
    let mut passed = Duration::ZERO;
    while passed < length {
        clock.advance(step.min(length.saturating_sub(passed)));
        passed += step;
        // A look is due every 200 milliseconds.
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// The client id that a customer's calls are made with.
async fn used(app: &Arc<PartnerApp>, company: &str, server: &Server, clock: &ManualClock) -> Result<String> {
    let customer = Credential::Customer(app.customer(company.to_owned()));
    let client = client(&customer, &server.url(), Arc::new(clock.clone()));
    client.send(&get(&client, "/jobs")).await?;
    let token = client.token().await?.unwrap();
    Ok(token.token.value.expose().trim_start_matches("at-").to_owned())
}

async fn listed(app: &PartnerApp) -> Vec<CustomerInfo> {
    app.customers(None).await.unwrap().customers
}

/// Issues each company's credentials once, as the vendor does. Tokens tell whose they are.
#[derive(Default)]
struct Vendor(Mutex<BTreeMap<String, usize>>);

impl Vendor {
    fn answer(&self, seen: &Seen) -> Reply {
        match seen.path.as_str() {
            TOKEN => {
                let client = seen.body.split("client_id=").nth(1).unwrap().split('&').next().unwrap();
                token(&format!("at-{client}"), None)
            }
            INTEGRATIONS => {
                let body: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
                let company = body["companyId"].as_str().unwrap();
                let mut issued = self.0.lock().unwrap();
                let times = issued.entry(company.to_owned()).or_default();
                *times += 1;
                if *times > 1 {
                    return Reply::Json(409, r#"{"errors":[{"code":"ALREADY_INTEGRATED"}]}"#.into());
                }
                let client = format!("client-{company}");
                let issued =
                    serde_json::json!({ "clientId": client, "clientSecret": format!("secret-of-{client}") });
                Reply::Json(201, issued.to_string())
            }
            _ => Reply::Json(200, "{}".into()),
        }
    }

    async fn start() -> Server {
        let vendor = Self::default();
        Server::start(move |seen| vendor.answer(seen)).await
    }

    /// What becomes of the answer to the first request for credentials is up to `first`.
    async fn whose_first(first: impl Fn(Reply) -> Reply + Send + Sync + 'static) -> Server {
        let (vendor, requests) = (Self::default(), AtomicUsize::new(0));
        Server::start(move |seen| {
            let answer = vendor.answer(seen);
            let is_first = seen.path == INTEGRATIONS && requests.fetch_add(1, Ordering::SeqCst) == 0;
            if is_first { first(answer) } else { answer }
        })
        .await
    }

    /// The first request for credentials is answered with what `first` makes of its answer, when the gate lets it through.
    async fn that_holds_its_first(
        first: impl Fn(Reply) -> Reply + Send + Sync + 'static,
    ) -> (Server, Arc<Semaphore>) {
        let gate = Arc::new(Semaphore::new(0));
        let held = Arc::clone(&gate);
        let server =
            Self::whose_first(move |answer| Reply::Held(Arc::clone(&held), Box::new(first(answer)))).await;
        (server, gate)
    }
}

/// The reason why a customer is integrated already, and not connected.
fn reason(result: Result<Customer>) -> IntegrationReason {
    match result {
        Err(Error::AlreadyIntegrated { company_id, reason, answer }) => {
            assert_eq!((company_id.as_str(), answer.status), ("acme", 409));
            reason
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn many_processes_connect_many_customers_by_one_request_each() {
    let (server, store, clock) = (Vendor::start().await, memory(), ManualClock::new());
    let fleet: Vec<_> = (0..8).map(|_| process(&server, &store, &clock)).collect();
    let companies: Vec<_> = (0..20).map(|number| format!("company-{number:02}")).collect();
    let connecting: Vec<_> =
        fleet.iter().flat_map(|app| companies.iter().map(move |company| connect(app, company))).collect();
    for connected in connecting {
        connected.await.unwrap().unwrap();
    }
    assert_eq!(server.count(INTEGRATIONS), 20);
    for (app, company) in fleet.iter().cycle().zip(&companies) {
        assert_eq!(used(app, company, &server, &clock).await.unwrap(), format!("client-{company}"));
        Arc::clone(app).connect(company.clone()).await.unwrap();
    }
    assert_eq!(server.count(INTEGRATIONS), 20, "of who is connected nothing is asked");
    assert_eq!(server.count(TOKEN), 1 + 20, "the master's token is shared, too");
    let listed = listed(&fleet[0]).await;
    assert!(listed.iter().map(|info| &info.company_id).eq(&companies));
    let since = clock.now().unix_millis();
    assert!(listed.iter().all(|info| info.state == ListedCustomerState::Connected { since }));
}

#[tokio::test]
async fn nobody_who_gives_up_stops_a_request_for_credentials() {
    let (server, gate) = Vendor::that_holds_its_first(|answer| answer).await;
    let (store, clock) = (memory(), ManualClock::new());
    let app = process(&server, &store, &clock);
    let caller = connect(&app, "acme");
    server.reached(INTEGRATIONS, 1).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    assert_eq!(listed(&app).await[0].state, ListedCustomerState::Connecting);
    gate.add_permits(1);
    connect(&app, "acme").await.unwrap().unwrap();
    assert_eq!(used(&app, "acme", &server, &clock).await.unwrap(), "client-acme");
    assert_eq!(server.count(INTEGRATIONS), 1);
}

#[tokio::test]
async fn a_request_whose_process_died_is_taken_over_after_its_lease() {
    // The server saw it before it died, or it did not.
    for issued in [true, false] {
        let (vendor, requests) = (Vendor::default(), AtomicUsize::new(0));
        let server = Server::start(move |seen| {
            if seen.path == INTEGRATIONS && requests.fetch_add(1, Ordering::SeqCst) == 0 {
                if issued {
                    vendor.answer(seen);
                }
                return Reply::Never;
            }
            vendor.answer(seen)
        })
        .await;
        let (store, clock) = (memory(), ManualClock::new());
        // A process of its own, that is killed in the middle.
        let dying =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        dying.spawn(process(&server, &store, &clock).connect("acme".into()));
        server.reached(INTEGRATIONS, 1).await;
        dying.shutdown_background();

        let heir = process(&server, &store, &clock);
        let waiting = connect(&heir, "acme");
        // From now on it watches the lease.
        everybody_waits().await;
        for _ in 0..3 {
            assert_eq!(listed(&heir).await[0].state, ListedCustomerState::Connecting);
            it_is_watched(&clock, (LEASE / 4).saturating_sub(Duration::from_secs(1))).await;
        }
        assert!(!waiting.is_finished());
        assert_eq!(server.count(INTEGRATIONS), 1, "its lease is not over");
        it_is_watched(&clock, LEASE / 4 + Duration::from_secs(4)).await;
        let result = waiting.await.unwrap();
        assert_eq!(server.count(INTEGRATIONS), 2);
        if issued {
            assert_eq!(reason(result), IntegrationReason::ResponseLost);
            assert_eq!(listed(&heir).await[0].state, ListedCustomerState::Unresolved);
            let again = connect(&process(&server, &store, &clock), "acme").await.unwrap();
            assert_eq!(reason(again), IntegrationReason::ResponseLost, "and it stays known");
        } else {
            result.unwrap();
            assert_eq!(used(&heir, "acme", &server, &clock).await.unwrap(), "client-acme");
        }
    }
}

#[tokio::test]
async fn a_late_answer_is_written_over_a_lease_that_was_taken_over() {
    let (server, gate) = Vendor::that_holds_its_first(|answer| answer).await;
    let (store, clock) = (memory(), ManualClock::new());
    let late = connect(&process(&server, &store, &clock), "acme");
    server.reached(INTEGRATIONS, 1).await;
    clock.advance(LONG_PAST);
    let heir = process(&server, &store, &clock);
    assert_eq!(reason(connect(&heir, "acme").await.unwrap()), IntegrationReason::ResponseLost);
    gate.add_permits(1);
    late.await.unwrap().unwrap();
    assert_eq!(used(&heir, "acme", &server, &clock).await.unwrap(), "client-acme");
    connect(&heir, "acme").await.unwrap().unwrap();
    assert_eq!(server.count(INTEGRATIONS), 2);
}

#[tokio::test]
async fn credentials_are_stored_before_they_are_used_for_as_long_as_it_takes() {
    let (server, clock) = (Vendor::start().await, ManualClock::new());
    let (line, store) = Line::to_memory();
    let app = process(&server, &store, &clock);
    // The master's token is there already.
    connect(&app, "other").await.unwrap().unwrap();
    // The journal is written; of what follows nobody hears, and then for a while the store is gone.
    *line.cuts_after.lock().unwrap() = Some(2);
    let connecting = connect(&app, "acme");
    while line.refused.load(Ordering::SeqCst) < 4 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!connecting.is_finished(), "they are not used before they are known to be stored");
    line.cut.store(false, Ordering::SeqCst);
    connecting.await.unwrap().unwrap();
    assert_eq!(used(&app, "acme", &server, &clock).await.unwrap(), "client-acme");
    assert_eq!(server.count(INTEGRATIONS), 2);
}

#[tokio::test]
async fn who_connects_hears_of_a_store_that_does_not_take_what_was_issued() {
    let (server, gate) = Vendor::that_holds_its_first(|answer| answer).await;
    let ((line, store), clock) = (Line::to_memory(), ManualClock::new());
    let app = process(&server, &store, &clock);
    let connecting = connect(&app, "acme");
    server.reached(INTEGRATIONS, 1).await;
    line.cut.store(true, Ordering::SeqCst);
    gate.add_permits(1);
    let error = connecting.await.unwrap().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Store);
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("it is cut; the credentials of customer \"acme\" were issued"), "{shown}");
    assert!(!shown.contains("secret-of"), "{shown}");
    line.cut.store(false, Ordering::SeqCst);
    connect(&app, "acme").await.unwrap().unwrap();
    assert_eq!(used(&app, "acme", &server, &clock).await.unwrap(), "client-acme", "nobody gave them up");
    assert_eq!(server.count(INTEGRATIONS), 1);
}

#[tokio::test]
async fn a_store_that_shows_what_was_before_is_not_asked_again_at_once() {
    let (server, gate) = Vendor::that_holds_its_first(|answer| answer).await;
    let clock = ManualClock::new();
    // While this is set, `load` shows it, and each swap of the customer is lost.
    let shown = Arc::new(Mutex::new(None::<Stored>));
    let lost = Arc::new(AtomicUsize::new(0));
    let store: Arc<dyn Store> = Arc::new(ScriptedStore::new({
        let (shown, lost) = (Arc::clone(&shown), Arc::clone(&lost));
        move |call| match (call, &*shown.lock().unwrap()) {
            (Call::Load(ACME), Some(stored)) => Fate::Finds(stored.clone()),
            (Call::Swap { id: ACME, .. }, Some(_)) => {
                // Who does not pause would never let the test go on.
                assert!(lost.fetch_add(1, Ordering::SeqCst) < 10, "asked again and again");
                Fate::Passes
            }
            _ => Fate::Passes,
        }
    }));
    let app = process(&server, &store, &clock);
    let connecting = connect(&app, "acme");
    server.reached(INTEGRATIONS, 1).await;
    let journal = store.load(ACME).await.unwrap().unwrap();
    // It is sealed anew, which `load` does not show.
    store.swap(ACME, journal.version, journal.bytes.clone(), NEVER).await.unwrap();
    *shown.lock().unwrap() = Some(journal);
    gate.add_permits(1);
    while lost.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    everybody_waits().await;
    assert!(!connecting.is_finished());
    assert!(lost.load(Ordering::SeqCst) < 10, "while there was time for a hundred");
    *shown.lock().unwrap() = None;
    connecting.await.unwrap().unwrap();
    assert_eq!(used(&app, "acme", &server, &clock).await.unwrap(), "client-acme");
}

#[tokio::test]
async fn credentials_are_taken_however_they_are_spelt() {
    let answers = [
        r#"{"client_id":"client-acme","client_secret":"canary"}"#,
        "\u{feff}{\"clientId\":\"client-acme\",\"clientSecret\":\"canary\"}",
    ];
    for answer in answers {
        let server = Vendor::whose_first(move |_| Reply::Json(201, answer.into())).await;
        let (store, clock) = (memory(), ManualClock::new());
        let app = process(&server, &store, &clock);
        connect(&app, "acme").await.unwrap().unwrap();
        assert_eq!(used(&app, "acme", &server, &clock).await.unwrap(), "client-acme", "{answer}");
        let exchange = server.seen().into_iter().rfind(|seen| seen.path == TOKEN).unwrap();
        assert!(exchange.body.contains("client_secret=canary"), "{}", exchange.body);
    }
}

#[tokio::test]
async fn no_request_is_made_that_could_not_be_written_down() {
    let (server, clock) = (Vendor::start().await, ManualClock::new());
    let (line, store) = Line::to_memory();
    let app = process(&server, &store, &clock);
    line.cut.store(true, Ordering::SeqCst);
    assert_eq!(connect(&app, "acme").await.unwrap().unwrap_err().code(), ErrorCode::Store);
    line.cut.store(false, Ordering::SeqCst);
    // The master's token is two swaps, the journal the third, whose answer is lost.
    *line.cuts_after.lock().unwrap() = Some(3);
    assert_eq!(connect(&app, "acme").await.unwrap().unwrap_err().code(), ErrorCode::Store);
    assert_eq!(server.count(INTEGRATIONS), 0);
    line.cut.store(false, Ordering::SeqCst);
    clock.advance(LONG_PAST);
    connect(&app, "acme").await.unwrap().unwrap();
    assert_eq!(server.count(INTEGRATIONS), 1);
}

#[tokio::test]
async fn a_lost_answer_is_told_from_credentials_that_others_have() {
    let lost: [fn(Reply) -> Reply; 6] = [
        |_| Reply::Drop,
        |_| Reply::Json(502, "{}".into()),
        |_| Reply::Json(201, "{}".into()),
        |_| Reply::Json(201, r#"{"clientId":"canary","clientSecret":""}"#.into()),
        |_| Reply::Json(201, r#"{"clientId":"id","clientSecret":"canary\n"}"#.into()),
        |_| Reply::Cut(201, r#"{"clientId":"canary","#.into()),
    ];
    for (case, lose) in lost.into_iter().enumerate() {
        let server = Vendor::whose_first(lose).await;
        let (store, clock) = (memory(), ManualClock::new());
        let app = process(&server, &store, &clock);
        let error = connect(&app, "acme").await.unwrap().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        assert_eq!(listed(&app).await[0].state, ListedCustomerState::Unresolved, "{case}: {error:?}");
        assert_eq!(reason(connect(&app, "acme").await.unwrap()), IntegrationReason::ResponseLost);
        assert_eq!(server.count(INTEGRATIONS), 2, "{case}: one request for each connect()");
    }
    // Issued to another store.
    let (server, clock) = (Vendor::start().await, ManualClock::new());
    connect(&process(&server, &memory(), &clock), "acme").await.unwrap().unwrap();
    let app = process(&server, &memory(), &clock);
    assert_eq!(reason(connect(&app, "acme").await.unwrap()), IntegrationReason::IssuedElsewhere);
    assert_eq!(listed(&app).await, []);
    assert_eq!(used(&app, "acme", &server, &clock).await.unwrap_err().code(), ErrorCode::Store);
    app.import("acme".into(), oauth_client("client-acme")).await.unwrap();
    assert_eq!(used(&app, "acme", &server, &clock).await.unwrap(), "client-acme");
}

#[tokio::test]
async fn what_was_refused_was_not_issued() {
    let refusals = [(403, ErrorCode::Permission), (400, ErrorCode::BadRequest), (404, ErrorCode::NotFound)];
    for (status, code) in refusals {
        let server = Vendor::whose_first(move |_| Reply::Json(status, "{}".into())).await;
        let (store, clock) = (memory(), ManualClock::new());
        let app = process(&server, &store, &clock);
        assert_eq!(connect(&app, "acme").await.unwrap().unwrap_err().code(), code);
        assert_eq!(listed(&app).await, []);
        // This server counts what it refused.
        assert_eq!(reason(connect(&app, "acme").await.unwrap()), IntegrationReason::IssuedElsewhere);
    }
}

#[tokio::test]
async fn a_journal_that_was_sealed_anew_meanwhile_is_still_ours() {
    for (status, expected) in [(403, Err(ErrorCode::Permission)), (201, Ok(()))] {
        let (server, gate) = Vendor::that_holds_its_first(move |answer| {
            if status == 201 { answer } else { Reply::Json(status, "{}".into()) }
        })
        .await;
        let (store, clock) = (memory(), ManualClock::new());
        let app = process(&server, &store, &clock);
        let connecting = connect(&app, "acme");
        server.reached(INTEGRATIONS, 1).await;
        let journal = store.load(ACME).await.unwrap().unwrap();
        store.swap(ACME, journal.version, journal.bytes, NEVER).await.unwrap();
        gate.add_permits(1);
        let result = connecting.await.unwrap().map(drop).map_err(|error| error.code());
        assert_eq!(result, expected, "it did not wait for its own lease");
        assert_eq!(server.count(INTEGRATIONS), 1);
    }
}

#[tokio::test]
async fn a_master_token_that_is_refused_is_renewed_once() {
    let (vendor, requests) = (Vendor::default(), AtomicUsize::new(0));
    let server = Server::start(move |seen| {
        if seen.path == INTEGRATIONS && requests.fetch_add(1, Ordering::SeqCst) == 0 {
            return Reply::Json(401, r#"{"message":"no"}"#.into());
        }
        vendor.answer(seen)
    })
    .await;
    let (store, clock) = (memory(), ManualClock::new());
    connect(&process(&server, &store, &clock), "acme").await.unwrap().unwrap();
    assert_eq!((server.count(INTEGRATIONS), server.count(TOKEN)), (2, 2));
}

#[tokio::test]
async fn who_was_disconnected_has_neither_credentials_nor_token_in_the_store() {
    let (server, store, clock) = (Vendor::start().await, memory(), ManualClock::new());
    let (app, other) = (process(&server, &store, &clock), process(&server, &store, &clock));
    app.disconnect("acme").await.unwrap();
    assert!(store.load(ACME).await.unwrap().is_none(), "who was never connected leaves no trace");
    connect(&app, "acme").await.unwrap().unwrap();
    used(&app, "acme", &server, &clock).await.unwrap();
    let other_client = kept(&other, &server, &clock).await;

    app.disconnect("acme").await.unwrap();
    app.disconnect("acme").await.unwrap();
    for due in store.due(u64::MAX, 10, None).await.unwrap() {
        let text = String::from_utf8(store.load(&due.id).await.unwrap().unwrap().bytes).unwrap();
        assert!(!text.contains("client-acme"), "{text}");
    }
    let error = used(&app, "acme", &server, &clock).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Store);
    assert!(error.to_string().contains("\"acme\" is not connected; call connect()"), "{error}");
    assert_eq!(listed(&app).await, []);
    other_client.send(&get(&other_client, "/jobs")).await.unwrap();
    assert_eq!(reason(connect(&app, "acme").await.unwrap()), IntegrationReason::Disconnected);

    app.import("acme".into(), oauth_client("client-acme")).await.unwrap();
    assert_eq!(used(&app, "acme", &server, &clock).await.unwrap(), "client-acme");
}

/// A client that has its token already.
async fn kept(app: &PartnerApp, server: &Server, clock: &ManualClock) -> Client {
    let customer = Credential::Customer(app.customer("acme".into()));
    let client = client(&customer, &server.url(), Arc::new(clock.clone()));
    client.send(&get(&client, "/jobs")).await.unwrap();
    client
}

#[tokio::test]
async fn to_disconnect_waits_for_credentials_on_their_way() {
    let (server, gate) = Vendor::that_holds_its_first(|answer| answer).await;
    let (store, clock) = (memory(), ManualClock::new());
    let app = process(&server, &store, &clock);
    let connecting = connect(&app, "acme");
    server.reached(INTEGRATIONS, 1).await;
    let leaving = tokio::spawn({
        let app = Arc::clone(&app);
        async move { app.disconnect("acme").await }
    });
    everybody_waits().await;
    assert!(!leaving.is_finished());
    gate.add_permits(1);
    connecting.await.unwrap().unwrap();
    leaving.await.unwrap().unwrap();
    assert_eq!(listed(&app).await, []);
}

#[tokio::test]
async fn to_import_waits_for_credentials_on_their_way() {
    let (server, gate) = Vendor::that_holds_its_first(|answer| answer).await;
    let (store, clock) = (memory(), ManualClock::new());
    let (app, other) = (process(&server, &store, &clock), process(&server, &store, &clock));
    let connecting = connect(&app, "acme");
    server.reached(INTEGRATIONS, 1).await;
    let importing = import(&other, "acme", "imported");
    everybody_waits().await;
    assert!(!importing.is_finished());
    gate.add_permits(1);
    connecting.await.unwrap().unwrap();
    importing.await.unwrap().unwrap();
    assert_eq!(used(&other, "acme", &server, &clock).await.unwrap(), "imported");
    let last = store.load(ACME).await.unwrap().unwrap();
    assert_eq!(last.version, 3, "the journal, what was issued, and then what was imported");
}

#[tokio::test]
async fn an_import_wins_over_a_request_whose_lease_is_over() {
    let (server, gate) = Vendor::that_holds_its_first(|answer| answer).await;
    let (store, clock) = (memory(), ManualClock::new());
    let app = process(&server, &store, &clock);
    let connecting = connect(&app, "acme");
    server.reached(INTEGRATIONS, 1).await;
    let importing = import(&app, "acme", "imported");
    // From now on it watches the lease.
    everybody_waits().await;
    it_is_watched(&clock, LEASE + Duration::from_secs(1)).await;
    importing.await.unwrap().unwrap();
    gate.add_permits(1);
    connecting.await.unwrap().unwrap();
    assert_eq!(used(&app, "acme", &server, &clock).await.unwrap(), "imported");
}

#[tokio::test]
async fn customers_come_in_pages_among_other_records() {
    let (server, store, clock) = (Vendor::start().await, memory(), ManualClock::new());
    let app = process(&server, &store, &clock);
    for number in 0..250 {
        app.import(format!("company-{number:03}"), oauth_client("id")).await.unwrap();
    }
    app.disconnect("company-007").await.unwrap();
    for id in ["a", "customer", "customer:", "customes", "token:x", "z"] {
        store.swap(id, 0, b"{}".to_vec(), NEVER).await.unwrap();
    }
    let (mut found, mut sizes, mut after) = (Vec::new(), Vec::new(), None);
    loop {
        let page = app.customers(after).await.unwrap();
        sizes.push(page.customers.len());
        found.extend(page.customers.into_iter().map(|info| info.company_id));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let expected: Vec<_> =
        (0..250).filter(|number| *number != 7).map(|number| format!("company-{number:03}")).collect();
    assert_eq!(found, expected);
    assert_eq!(sizes, [99, 100, 50]);
}

#[tokio::test]
async fn a_customer_of_one_environment_is_none_of_another() {
    let (server, store, clock) = (Vendor::start().await, memory(), ManualClock::new());
    let app = process(&server, &store, &clock);
    connect(&app, "acme").await.unwrap().unwrap();
    let elsewhere = Vendor::start().await;
    let customer = Credential::Customer(app.customer("acme".into()));
    let at = |url: &str| {
        let base = Some(BaseUrl::parse("baseUrl", url).unwrap());
        Client::new(&customer, base, ClientOptions::default(), Arc::new(clock.clone()))
    };
    assert_eq!(at(&elsewhere.url()).unwrap_err().code(), ErrorCode::Configuration);
    at(&server.url()).unwrap();
    let own = Client::new(&customer, None, ClientOptions::default(), Arc::new(clock.clone()));
    assert_eq!(own.unwrap().base().as_str(), server.url());
}

#[tokio::test]
async fn nothing_of_a_partner_prints_a_secret() {
    let (server, store, clock) = (Vendor::start().await, memory(), ManualClock::new());
    let app = process(&server, &store, &clock);
    let customer = connect(&app, "acme").await.unwrap().unwrap();
    used(&app, "acme", &server, &clock).await.unwrap();
    let printed = format!("{app:?} {customer:?} {:?}", listed(&app).await);
    assert!(printed.contains("acme") && !printed.contains("secret-of"), "{printed}");
}

//! Apps that are the same share their grants within a process; apps that are not, do not.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use smartrecruiters::client::Credential;
use smartrecruiters::clock::ManualClock;
use smartrecruiters::credential::{ClientAuthentication, OAuthClient};
use smartrecruiters::http::{ConnectOptions, Connector, ProxyChoice};
use smartrecruiters::lifecycle::{OAuthApp, OAuthAppOptions};
use smartrecruiters::once::{Event, Listener};
use smartrecruiters::store::{MemoryStore, Store};

use crate::support::store::elsewhere;
use crate::support::{Reply, Seen, Server, app_options, client, customer, get, token};

const TOKEN: &str = "/identity/oauth/token";

fn app_on(connect: ConnectOptions, options: OAuthAppOptions, clock: &ManualClock) -> Arc<OAuthApp> {
    OAuthApp::new(options, &Connector::new(connect).unwrap(), Arc::new(clock.clone())).unwrap()
}

fn app(options: OAuthAppOptions, clock: &ManualClock) -> Arc<OAuthApp> {
    app_on(ConnectOptions::default(), options, clock)
}

fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

fn answer(seen: &Seen) -> Reply {
    let presented = || seen.body.split("refresh_token=rt-").nth(1)?.split('&').next()?.parse::<u32>().ok();
    match seen.path.as_str() {
        TOKEN => {
            let next = presented().unwrap() + 1;
            token(&format!("at-{next}"), Some(&format!("rt-{next}")))
        }
        _ => Reply::Json(200, "{}".into()),
    }
}

/// The ids of the grants that a listener heard of as renewed, as long as `heard` says so.
fn renewals(goes_on: impl Fn() -> bool + Send + Sync + 'static) -> (Arc<Mutex<Vec<String>>>, Listener) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = Listener::new({
        let heard = Arc::clone(&heard);
        move |event| {
            let Event::Renewed { grant_id } = event else { panic!("{event:?}") };
            heard.lock().unwrap().push(grant_id);
            goes_on()
        }
    });
    (heard, listener)
}

#[tokio::test]
async fn apps_that_are_the_same_share_an_exchange_and_each_hears_of_it() {
    let (server, clock, store) = (Server::start(answer).await, ManualClock::new(), store());
    let mut heard = Vec::new();
    let mut clients = Vec::new();
    let mut unheard = Vec::new();
    for number in 0..4 {
        // Each object is its own: what is the same is what it is made of.
        let (events, listener) = renewals(move || number != 3);
        let options = OAuthAppOptions { listener, ..app_options(&server.url(), Arc::clone(&store)) };
        let app = app(options, &clock);
        if number == 0 {
            Arc::clone(&app).import(customer("rt-0")).await.unwrap();
        }
        let credential = Credential::Grant(app.grant("customer".into()).unwrap());
        clients.push(client(&credential, &server.url(), Arc::new(clock.clone())));
        if number == 3 { unheard.push(events) } else { heard.push(events) }
    }
    let calls = async || {
        let calls: Vec<_> = clients
            .iter()
            .map(|client| {
                let client = client.clone();
                tokio::spawn(
                    async move { client.send(&get(&client, "/jobs")).await.map(|answer| answer.status) },
                )
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap().unwrap(), 200);
        }
    };
    for _ in 0..3 {
        calls().await;
        clock.advance(Duration::from_secs(1800));
    }
    assert_eq!(server.count(TOKEN), 3);
    for events in heard {
        assert_eq!(*events.lock().unwrap(), ["customer"; 3], "by the apps' clients alone");
    }
    for events in unheard {
        assert_eq!(*events.lock().unwrap(), ["customer"], "it said that nobody hears it any more");
    }
}

#[tokio::test]
async fn what_one_app_imports_or_forgets_is_so_for_all() {
    let (server, clock, store) = (Server::start(answer).await, ManualClock::new(), store());
    let [one, other] = [(); 2].map(|()| app(app_options(&server.url(), Arc::clone(&store)), &clock));
    let credential = Credential::Grant(Arc::clone(&other).import(customer("rt-0")).await.unwrap());
    let client = client(&credential, &server.url(), Arc::new(clock.clone()));
    client.send(&get(&client, "/first")).await.unwrap();
    Arc::clone(&one).import(customer("rt-10")).await.unwrap();
    client.send(&get(&client, "/second")).await.unwrap();
    one.forget("customer".into()).await.unwrap();
    client.send(&get(&client, "/third")).await.unwrap_err();
    let used: Vec<_> =
        server.seen().iter().filter_map(|seen| seen.header("authorization")).map(str::to_owned).collect();
    assert_eq!(used, ["Bearer at-1", "Bearer at-11"]);
}

#[tokio::test]
async fn apps_that_differ_in_anything_that_matters_share_nothing() {
    let (server, clock, store) = (Server::start(answer).await, ManualClock::new(), store());
    let options = || app_options(&server.url(), Arc::clone(&store));
    let source = |app: &Arc<OAuthApp>| app.grant("customer".into()).unwrap().source;
    let first = app(options(), &clock);
    let mine = source(&first);
    let client = |id: &str, secret: &str, authentication| {
        OAuthClient::new(id.into(), secret.into(), authentication).unwrap()
    };
    let same = [
        options(),
        // Of no matter to tokens.
        OAuthAppOptions { redirect_uri: "http://localhost:1/other".into(), pkce: true, ..options() },
        OAuthAppOptions { token_url: Some(format!("{}{TOKEN}", server.url())), ..options() },
    ];
    for options in same {
        assert!(Arc::ptr_eq(&mine, &source(&app(options, &clock))));
    }
    let (body, basic) = (ClientAuthentication::Body, ClientAuthentication::Basic);
    let others = [
        OAuthAppOptions { client: client("other", "secret", body), ..options() },
        OAuthAppOptions { client: client("id", "other", body), ..options() },
        OAuthAppOptions { client: client("id", "secret", basic), ..options() },
        OAuthAppOptions { token_url: Some(format!("{}/elsewhere", server.url())), ..options() },
        app_options(&server.url(), Arc::new(MemoryStore::new())),
        app_options(&server.url(), elsewhere(Arc::clone(&store))),
    ];
    for options in others {
        assert!(!Arc::ptr_eq(&mine, &source(&app(options, &clock))));
    }
    let direct = ConnectOptions { proxy: ProxyChoice::Direct, ..ConnectOptions::default() };
    assert!(!Arc::ptr_eq(&mine, &source(&app_on(direct, options(), &clock))));
}

#[cfg(all(unix, feature = "stores"))]
#[tokio::test]
async fn durable_stores_are_the_same_by_their_place_and_namespace_and_apps_by_their_keys() {
    use smartrecruiters::secret::Secret;
    use smartrecruiters::store::{Sealing, SealingKey, SqliteOptions, SqliteStore};

    let (server, clock) = (Server::start(answer).await, ManualClock::new());
    let folder = crate::stores::Folder::new();
    let source = |file: &str, namespace: Option<&str>, keys: &[&str]| {
        let options = SqliteOptions {
            path: folder.0.join(file),
            create: false,
            namespace: namespace.map(str::to_owned),
        };
        let store = Arc::new(SqliteStore::new(options).unwrap());
        let key = |byte: &&str| SealingKey::new(&Secret::new(byte.repeat(32))).unwrap();
        let sealing = match keys {
            [] => Sealing::Plain,
            keys => Sealing::Keys(keys.iter().map(key).collect()),
        };
        let options = OAuthAppOptions { sealing: Some(sealing), ..app_options(&server.url(), store) };
        app(options, &clock).grant("customer".into()).unwrap().source
    };
    let mine = source("a", None, &["01"]);
    assert!(Arc::ptr_eq(&mine, &source("a", Some("default"), &["01"])));
    for (file, namespace, keys) in [
        ("b", None, &["01"][..]),
        ("a", Some("other"), &["01"]),
        ("a", None, &["02"]),
        ("a", None, &["01", "02"]),
        ("a", None, &["02", "01"]),
        ("a", None, &[]),
    ] {
        assert!(!Arc::ptr_eq(&mine, &source(file, namespace, keys)), "{file} {namespace:?} {keys:?}");
    }
}

#[tokio::test]
async fn an_app_hears_events_while_its_grants_are_in_use_and_costs_nothing_after() {
    let (server, clock, store) = (Server::start(answer).await, ManualClock::new(), store());
    let keeps = app(app_options(&server.url(), Arc::clone(&store)), &clock);
    let client = client(
        &Credential::Grant(Arc::clone(&keeps).import(customer("rt-0")).await.unwrap()),
        &server.url(),
        Arc::new(clock.clone()),
    );
    let (heard, listener) = renewals(|| true);
    let grant = app(OAuthAppOptions { listener, ..app_options(&server.url(), Arc::clone(&store)) }, &clock)
        .grant("customer".into());
    client.send(&get(&client, "/jobs")).await.unwrap();
    assert_eq!(*heard.lock().unwrap(), ["customer"], "nobody holds the app, but its grant is there");
    let listener = Arc::downgrade(&heard);
    drop((grant, heard));
    assert_eq!(listener.strong_count(), 0, "the listener went with its app");
    clock.advance(Duration::from_secs(1800));
    client.send(&get(&client, "/jobs")).await.unwrap();
    drop((client, keeps));
    // What has landed already may still be putting itself away.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(Arc::strong_count(&store), 1, "the grants went with their last app");
}

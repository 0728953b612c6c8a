//! Credentials through whole calls: client, lifecycle and wire together, with time in the test's hand.

mod day;
mod denials;
mod exchanges;
mod failing_stores;
mod grants;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use smartrecruiters::client::{Client, Credential};
use smartrecruiters::clock::ManualClock;
use smartrecruiters::error::Result;
use smartrecruiters::http::{ConnectOptions, Connector};
use smartrecruiters::lifecycle::{ClientCredentials, Grant, OAuthApp, OAuthAppOptions};
use smartrecruiters::store::{MemoryStore, Sealing, Store};

use crate::support::{Reply, Seen, Server, app_options, customer, get, oauth_client, token};

pub(crate) const TOKEN: &str = "/identity/oauth/token";

fn client_credentials() -> Credential {
    Credential::ClientCredentials(Arc::new(ClientCredentials::new(oauth_client(), None, None)))
}

fn app(server: &Server, store: Arc<dyn Store>, clock: &ManualClock) -> Arc<OAuthApp> {
    app_with(server, store, None, clock).unwrap()
}

pub(crate) fn app_with(
    server: &Server,
    store: Arc<dyn Store>,
    sealing: Option<Sealing>,
    clock: &ManualClock,
) -> Result<Arc<OAuthApp>> {
    let options = OAuthAppOptions { sealing, ..app_options(&server.url(), store) };
    OAuthApp::new(options, &Connector::new(ConnectOptions::default()).unwrap(), Arc::new(clock.clone()))
}

async fn grant(server: &Server, clock: &ManualClock) -> Grant {
    let app = app(server, Arc::new(MemoryStore::new()), clock);
    app.import(customer("rt-0")).await.unwrap()
}

pub(crate) fn under_clock(server: &Server, credential: &Credential, clock: &ManualClock) -> Client {
    server.client_with(credential, Arc::new(clock.clone()))
}

/// Issues numbered tokens and one-time refresh tokens, and accepts the newest access token only.
pub(crate) fn strict() -> impl Fn(&Seen) -> Reply {
    let issued = AtomicUsize::new(0);
    move |seen: &Seen| {
        if seen.path == TOKEN {
            let before = issued.load(Ordering::SeqCst);
            if seen.body.contains("grant_type=refresh_token")
                && !seen.body.contains(&format!("refresh_token=rt-{before}&"))
            {
                return Reply::Json(400, r#"{"error":"invalid_grant"}"#.into());
            }
            let number = issued.fetch_add(1, Ordering::SeqCst) + 1;
            return token(&format!("at-{number}"), Some(&format!("rt-{number}")));
        }
        let newest = format!("Bearer at-{}", issued.load(Ordering::SeqCst));
        let accepted = seen.header("authorization") == Some(newest.as_str());
        if accepted { Reply::Json(200, "{}".into()) } else { Reply::Json(401, r#"{"message":"no"}"#.into()) }
    }
}

pub(crate) async fn many_calls(client: &Client, calls: usize) {
    let calls: Vec<_> = (0..calls)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.send(&get(&client, "/jobs")).await.map(|answer| answer.status) })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), 200);
    }
}

/// The callback of an authorization request of `app`, as the browser brings it, and its state.
fn callback(app: &Arc<OAuthApp>) -> (String, String) {
    let state = app.authorization_url(&[], &[]).unwrap().state;
    (format!("http://localhost:3000/callback?code=c&state={state}"), state)
}

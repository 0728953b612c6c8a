//! A day of many grants, in which each is renewed every half hour.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use smartrecruiters::client::Credential;
use smartrecruiters::clock::ManualClock;
use smartrecruiters::lifecycle::ImportedGrant;
use smartrecruiters::secret::Secret;
use smartrecruiters::store::MemoryStore;
use smartrecruiters::token::RefreshToken;

use super::{TOKEN, app, under_clock};
use crate::support::{Reply, Seen, Server, customer, get, token};

const HALF_HOURS: usize = 48;
/// How many grants are called at once.
const AT_ONCE: usize = 64;

/// Reads `12.7` after `kind`: the token of grant 12 after its seventh renewal.
fn numbers(text: &str, kind: &str) -> Option<(usize, usize)> {
    let rest = text.split_once(kind)?.1;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let (grant, number) = rest[..end].split_once('.')?;
    Some((grant.parse().ok()?, number.parse().ok()?))
}

/// Knows one refresh token of each grant, and takes its newest access token only.
fn server_of(renewed: Arc<Mutex<Vec<usize>>>, refused: Arc<Mutex<Vec<String>>>) -> impl Fn(&Seen) -> Reply {
    move |seen| {
        let mut renewed = renewed.lock().unwrap();
        if seen.path == TOKEN {
            let (grant, number) = numbers(&seen.body, "refresh_token=rt-").unwrap();
            if renewed[grant] != number {
                refused.lock().unwrap().push(format!("rt-{grant}.{number} in place of {}", renewed[grant]));
                return Reply::Json(400, r#"{"error":"invalid_grant"}"#.into());
            }
            renewed[grant] += 1;
            let next = renewed[grant];
            return token(&format!("at-{grant}.{next}"), Some(&format!("rt-{grant}.{next}")));
        }
        let bearer = seen.header("authorization").unwrap_or_default();
        let (grant, number) = numbers(bearer, "Bearer at-").unwrap();
        if renewed[grant] == number {
            return Reply::Json(200, "{}".into());
        }
        refused.lock().unwrap().push(format!("at-{grant}.{number} in place of {}", renewed[grant]));
        Reply::Json(401, "{}".into())
    }
}

/// How many grants there are: `GRANTS` of the environment.
fn number_of_grants() -> usize {
    #[expect(clippy::disallowed_methods, reason = "the core takes options; a test may take one from here")]
    std::env::var("GRANTS").map_or(100, |number| number.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_grant_lives_through_a_day_of_calls() {
    let grants = number_of_grants();
    let renewed = Arc::new(Mutex::new(vec![0; grants]));
    let refused = Arc::new(Mutex::new(Vec::new()));
    let server = Server::start(server_of(Arc::clone(&renewed), Arc::clone(&refused))).await;
    let clock = ManualClock::new();
    let app = app(&server, Arc::new(MemoryStore::new()), &clock);

    let mut clients = Vec::new();
    for number in 0..grants {
        let imported = ImportedGrant {
            id: format!("customer-{number}"),
            refresh: RefreshToken(Secret::new(format!("rt-{number}.0"))),
            ..customer("")
        };
        let credential = Credential::Grant(Arc::clone(&app).import(imported).await.unwrap());
        let client = match clients.first() {
            None => under_clock(&server, &credential, &clock),
            Some(first) => smartrecruiters::client::Client::with_credential(first, &credential).unwrap(),
        };
        clients.push(client);
    }

    for half_hour in 1..=HALF_HOURS {
        // Two calls at once want the same new token.
        let calls = clients.iter().map(|client| async move {
            let request = get(client, "/jobs");
            let (one, other) = tokio::join!(client.send(&request), client.send(&request));
            (one.unwrap().status, other.unwrap().status)
        });
        let mut calls = stream::iter(calls).buffer_unordered(AT_ONCE);
        while let Some(statuses) = calls.next().await {
            assert_eq!((statuses.0.as_u16(), statuses.1.as_u16()), (200, 200));
        }
        assert_eq!(*refused.lock().unwrap(), Vec::<String>::new());
        assert!(renewed.lock().unwrap().iter().all(|&times| times == half_hour), "half hour {half_hour}");
        server.forget();
        clock.advance(Duration::from_secs(1800));
    }
    let exchanges: usize = renewed.lock().unwrap().iter().sum();
    assert_eq!(exchanges, grants * HALF_HOURS);
}

//! Callers of one token source, in thousands of orders: each exchange serves all of them, and none waits for ever.

use shuttle::future::{block_on, spawn, yield_now};
use shuttle::sync::atomic::AtomicUsize;

use super::*;
use crate::clock::ManualClock;
use crate::once::TokenOwnerKind;
use crate::secret::Secret;
use crate::sync::explore;

const LIFETIME: Duration = Duration::from_secs(1800);

/// An authorization server whose tokens are numbered.
#[derive(Debug)]
struct Server {
    clock: ManualClock,
    exchanges: AtomicUsize,
    fails: bool,
}

impl Server {
    fn token(&self, name: &str) -> AccessToken {
        AccessToken {
            value: Secret::new(name.to_owned()),
            scopes: Vec::new(),
            issued: self.clock.now(),
            lifetime: LIFETIME,
        }
    }
}

impl Exchange for Server {
    fn owner(&self) -> TokenOwner {
        TokenOwner { kind: TokenOwnerKind::Client, id: "id".into(), credential: 0 }
    }

    fn may_repeat(&self, _: &Error) -> bool {
        false
    }

    fn next(self: Arc<Self>, _: Option<Arc<CurrentToken>>) -> ExchangeFuture {
        Box::pin(async move {
            let number = self.exchanges.fetch_add(1, Ordering::SeqCst) + 1;
            yield_now().await;
            if self.fails { Err(outage()) } else { Ok(self.token(&format!("exchanged-{number}"))) }
        })
    }
}

fn outage() -> Error {
    Error::TokenUnavailable {
        problem: "down".into(),
        status: Some(503),
        answer: Box::default(),
        sent: true,
        source: None,
    }
}

fn source(fails: bool) -> (Arc<TokenSource>, Arc<Server>) {
    let clock = ManualClock::new();
    let server = Arc::new(Server { clock: clock.clone(), exchanges: AtomicUsize::new(0), fails });
    (TokenSource::new(Arc::clone(&server) as _, Arc::new(clock)), server)
}

/// What three callers get that ask for a token at once.
async fn three_callers(source: &Arc<TokenSource>) -> Vec<Result<String>> {
    let callers: Vec<_> = (0..3)
        .map(|_| {
            let source = Arc::clone(source);
            spawn(async move { source.token().await.map(|held| held.token.value.expose().to_owned()) })
        })
        .collect();
    let mut got = Vec::new();
    for caller in callers {
        got.push(caller.await.unwrap());
    }
    got
}

#[test]
fn callers_at_once_share_each_exchange() {
    explore(|| {
        block_on(async {
            let (source, server) = source(false);
            for number in 1..=2 {
                for got in three_callers(&source).await {
                    assert_eq!(got.unwrap(), format!("exchanged-{number}"));
                }
                assert_eq!(server.exchanges.load(Ordering::SeqCst), number);
                server.clock.advance(LIFETIME);
            }
        });
    });
}

#[test]
fn a_token_that_several_calls_report_as_refused_is_replaced_once() {
    explore(|| {
        block_on(async {
            let (source, server) = source(false);
            let refused = source.token().await.unwrap();
            let calls: Vec<_> = (0..3)
                .map(|call| {
                    let (source, refused) = (Arc::clone(&source), Arc::clone(&refused));
                    spawn(async move {
                        if call == 0 {
                            source.refuse(&refused, "endpoint".to_owned());
                        }
                        let next = source.replace(&refused).await.unwrap().unwrap();
                        assert_eq!(next.token.value.expose(), "exchanged-2");
                    })
                })
                .collect();
            for call in calls {
                call.await.unwrap();
            }
            assert_eq!(server.exchanges.load(Ordering::SeqCst), 2);
        });
    });
}

#[test]
fn a_failed_exchange_is_the_error_of_all_who_wait() {
    explore(|| {
        block_on(async {
            let (source, server) = source(true);
            for got in three_callers(&source).await {
                got.unwrap_err();
            }
            // Its pause answers those who come after it.
            assert_eq!(server.exchanges.load(Ordering::SeqCst), 1);
        });
    });
}

#[test]
fn a_new_authorization_replaces_the_exchange_in_flight() {
    explore(|| {
        block_on(async {
            let (source, server) = source(false);
            let waiting = spawn({
                let source = Arc::clone(&source);
                async move { three_callers(&source).await }
            });
            yield_now().await;
            source.reset(Some(server.token("authorized")));
            for got in waiting.await.unwrap() {
                let got = got.unwrap();
                assert!(["exchanged-1", "authorized"].contains(&got.as_str()), "{got}");
            }
            // Whenever the exchange of the earlier authorization ends, its token is not the one in use.
            assert_eq!(source.token().await.unwrap().token.value.expose(), "authorized");
            assert!(server.exchanges.load(Ordering::SeqCst) <= 1);
        });
    });
}

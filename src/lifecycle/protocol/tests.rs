use std::time::Duration;

use super::*;
use crate::clock::{Clock as _, ManualClock};
use crate::secret::Secret;
use crate::token::RefreshToken;

fn record(unresolved: u32) -> GrantRecord {
    GrantRecord {
        access: None,
        refresh: RefreshToken(Secret::new("rt-1")),
        refresh_issued_at: 0,
        scopes: vec!["jobs_read".into()],
        contested: false,
        state: GrantState::Idle { unresolved },
    }
}

fn tokens(clock: &ManualClock, refresh: Option<&str>) -> TokenSet {
    TokenSet {
        access: Some(AccessToken {
            value: Secret::new("at"),
            scopes: Vec::new(),
            issued: clock.now(),
            lifetime: Duration::from_secs(1800),
        }),
        issued: clock.now(),
        refresh: refresh.map(|token| RefreshToken(Secret::new(token))),
    }
}

#[test]
fn only_the_server_can_declare_a_refresh_token_dead() {
    let refused_as = |error| Error::TokenRefused { error, status: 400, answer: Box::default() };
    let refused = |code: &str| refused_as(OAuthErrorCode::parse(code));
    let unavailable = |sent, status| Error::TokenUnavailable {
        problem: "".into(),
        status,
        answer: Box::default(),
        sent,
        source: None,
    };
    let table = [
        (refused("invalid_grant"), Verdict::Dead),
        (refused("invalid_client"), Verdict::Untouched),
        (refused("invalid_request"), Verdict::Untouched),
        (refused("something_new"), Verdict::Untouched),
        // The vendor's own way to say that a refresh token has expired, which it does not document.
        (refused_as(OAuthErrorCode::Unnamed), Verdict::Untouched),
        (unavailable(false, None), Verdict::Untouched),
        (unavailable(true, None), Verdict::Unknown),
        (unavailable(true, Some(302)), Verdict::Untouched),
        (unavailable(true, Some(404)), Verdict::Untouched),
        (unavailable(true, Some(429)), Verdict::Unknown),
        (unavailable(true, Some(503)), Verdict::Unknown),
        (
            Error::TokenInvalid { problem: "".into(), status: Some(200), answer: Box::default() },
            Verdict::Unknown,
        ),
    ];
    for (error, expected) in table {
        assert_eq!(verdict(&error), expected, "{error:?}");
    }
}

#[test]
fn an_omitted_refresh_token_keeps_the_old_one_and_its_age() {
    let clock = ManualClock::new();
    let kept = renewed(record(3), tokens(&clock, None));
    assert_eq!((kept.refresh.0.expose(), kept.refresh_issued_at), ("rt-1", 0));
    assert_eq!(kept.scopes, ["jobs_read"], "an omitted scope changes none");
    let next = renewed(record(3), tokens(&clock, Some("rt-2")));
    assert_eq!((next.refresh.0.expose(), next.refresh_issued_at), ("rt-2", clock.now().unix_millis()));
    assert_eq!(next.state, GrantState::Idle { unresolved: 0 });
}

//! Tokens, and how fresh an access token is at a given time.

use std::time::Duration;

use crate::clock::Moment;
use crate::secret::Secret;

/// The lifetime of a token if the answer does not state it. The vendor documents 30 minutes.
const DOCUMENTED_LIFETIME: Duration = Duration::from_secs(1800);
/// The lifetime of a token if the answer states an invalid one. It is short, so that the next answer comes soon.
const DOUBTFUL_LIFETIME: Duration = Duration::from_secs(300);
/// The longest lifetime that an answer can state, so that no token lasts forever.
const LONGEST_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// A refresh token (RFC 6749 section 1.5). Those of SmartRecruiters work once, and expire after 28 days without use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken(pub Secret);

/// An access token (RFC 6749 section 1.4) with its scopes and lifetime.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The token itself.
    pub value: Secret,
    /// The scopes that the server named. Empty if it named none.
    pub scopes: Vec<String>,
    /// When its lifetime began: when the exchange was sent, not when the answer arrived.
    pub issued: Moment,
    /// The lifetime.
    pub lifetime: Duration,
}

/// The result of a token exchange.
#[derive(Debug, Clone)]
pub struct TokenSet {
    /// The access token. `None` if the answer's access token is not usable, but its refresh token is.
    pub access: Option<AccessToken>,
    /// When the exchange was sent. The lifetimes of all its tokens count from then.
    pub issued: Moment,
    /// The next refresh token. `None` if the current one stays in force (RFC 6749 section 6).
    pub refresh: Option<RefreshToken>,
}

/// How an access token may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Use it.
    Fresh,
    /// Use it, and renew it in the background.
    Renewable,
    /// Do not use it.
    Expired,
}

impl AccessToken {
    /// How fresh the token is at `now`.
    ///
    /// A token is renewable for the last `lead` of its lifetime (at most a quarter of it), and counts as expired for
    /// the last 30 seconds (at most a tenth), since a request that is sent now must arrive while the token is valid.
    pub fn freshness(&self, now: Moment, lead: Duration) -> Freshness {
        let left = self.lifetime.saturating_sub(now.since(self.issued));
        if left <= (self.lifetime / 10).min(Duration::from_secs(30)) {
            Freshness::Expired
        } else if left <= (self.lifetime / 4).min(lead) {
            Freshness::Renewable
        } else {
            Freshness::Fresh
        }
    }

    /// When the token expires, in milliseconds since the Unix epoch.
    pub fn expires_at(&self) -> u64 {
        self.issued.unix_millis().saturating_add(u64::try_from(self.lifetime.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Reads the lifetime from an answer's `expires_in` (RFC 6749 section 5.1), given as it is written.
///
/// If it is absent or `null`, the lifetime is 1800 s. A positive number, whole or not, is that many whole seconds, at
/// most a day. Zero, a negative number or anything else becomes 300 s.
pub fn lifetime(expires_in: Option<&str>) -> Duration {
    let seconds = match expires_in.map(str::trim) {
        None | Some("null") => return DOCUMENTED_LIFETIME,
        Some(text) => text.parse::<f64>().ok(),
    };
    match seconds {
        Some(seconds) if seconds >= 1.0 => {
            Duration::try_from_secs_f64(seconds.trunc()).unwrap_or(LONGEST_LIFETIME).min(LONGEST_LIFETIME)
        }
        _ => DOUBTFUL_LIFETIME,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock as _, ManualClock};

    fn token(clock: &ManualClock, seconds: u64) -> AccessToken {
        AccessToken {
            value: Secret::new("t"),
            scopes: Vec::new(),
            issued: clock.now(),
            lifetime: Duration::from_secs(seconds),
        }
    }

    #[test]
    fn every_expires_in_has_a_sane_lifetime() {
        let table = [
            (Some("1799"), 1799),
            (None, 1800),
            (Some("null"), 1800),
            (Some(" 1800 "), 1800),
            (Some("1800.7"), 1800),
            (Some("0"), 300),
            (Some("0.5"), 300),
            (Some("-1"), 300),
            (Some("abc"), 300),
            (Some("NaN"), 300),
            (Some(""), 300),
            (Some("1e30"), 86_400),
            (Some("1e400"), 86_400),
            (Some("18446744073709551615"), 86_400),
        ];
        for (expires_in, seconds) in table {
            assert_eq!(lifetime(expires_in), Duration::from_secs(seconds), "{expires_in:?}");
        }
    }

    #[test]
    fn a_token_of_thirty_minutes_is_fresh_then_renewable_then_expired() {
        let clock = ManualClock::new();
        let token = token(&clock, 1800);
        let lead = Duration::from_secs(300);
        clock.advance(Duration::from_secs(1499));
        assert_eq!(token.freshness(clock.now(), lead), Freshness::Fresh);
        clock.advance(Duration::from_secs(1));
        assert_eq!(token.freshness(clock.now(), lead), Freshness::Renewable);
        clock.advance(Duration::from_secs(269));
        assert_eq!(token.freshness(clock.now(), lead), Freshness::Renewable);
        clock.advance(Duration::from_secs(1));
        assert_eq!(token.freshness(clock.now(), lead), Freshness::Expired);
    }

    #[test]
    fn a_short_token_is_renewed_in_its_last_quarter() {
        let clock = ManualClock::new();
        let token = token(&clock, 20);
        let lead = Duration::from_secs(300);
        clock.advance(Duration::from_secs(14));
        assert_eq!(token.freshness(clock.now(), lead), Freshness::Fresh);
        clock.advance(Duration::from_secs(1));
        assert_eq!(token.freshness(clock.now(), lead), Freshness::Renewable);
        clock.advance(Duration::from_secs(3));
        assert_eq!(token.freshness(clock.now(), lead), Freshness::Expired);
    }

    #[test]
    fn a_sleeping_machine_wakes_with_an_expired_token() {
        let clock = ManualClock::new();
        let token = token(&clock, 1800);
        clock.suspend(Duration::from_secs(7200));
        assert_eq!(token.freshness(clock.now(), Duration::from_secs(300)), Freshness::Expired);
    }
}

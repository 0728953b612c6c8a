//! `Retry-After` headers (RFC 9110 section 10.2.3) and the dates in them.

use std::time::{Duration, SystemTime};

/// How long a `Retry-After` header asks to wait. `None` if its value is neither a number nor a date. `now` is in seconds
/// since the Unix epoch.
pub fn retry_after(value: &[u8], now: u64) -> Option<Duration> {
    let text = std::str::from_utf8(value).ok()?.trim();
    let seconds = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().unwrap_or(u64::MAX)
    } else {
        seconds_of_date(text)?.saturating_sub(now)
    };
    Some(Duration::from_secs(seconds))
}

/// The time that a date of HTTP names, in seconds since the Unix epoch.
pub fn seconds_of_date(text: &str) -> Option<u64> {
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs())
}

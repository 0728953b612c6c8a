//! What answers say about limits: `Retry-After` and the headers of the vendor. Each line of an input is a header.

use std::sync::LazyLock;
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue};
use smartrecruiters::clock::{Clock as _, Moment, SystemClock};
use smartrecruiters::http::{Answer, retry_after};
use smartrecruiters::limit::LimitHeaders;
use smartrecruiters::oauth::read_tokens;

/// Tue, 14 Nov 2023 22:13:20 GMT.
const NOW: u64 = 1_700_000_000;

static SENT: LazyLock<Moment> = LazyLock::new(|| SystemClock.now());

pub(crate) fn check(input: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n').take(16) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let read = LimitHeaders::read(&headers);
    for limit in [read.limit, read.concurrent_limit].into_iter().flatten() {
        assert!((1..=1000).contains(&limit), "{read:?}");
    }
    for remaining in [read.remaining, read.concurrent_remaining].into_iter().flatten() {
        assert!(remaining <= 1000, "{read:?}");
    }
    if let Some(limit) = number(&headers, "x-ratelimit-limit") {
        assert_eq!(read.limit, Some(limit).filter(|limit| *limit > 0), "{read:?}");
    }
    if let Some(value) = headers.get(RETRY_AFTER) {
        let asked = retry_after(value.as_bytes(), NOW);
        if let Some(seconds) = number(&headers, RETRY_AFTER.as_str()) {
            assert_eq!(asked, Some(Duration::from_secs(seconds as u64)));
        }
        check_token_endpoint(input);
    }
}

/// A number of a few digits, which every reader has to read as such.
fn number(headers: &HeaderMap, name: &str) -> Option<usize> {
    let text = headers.get(name)?.to_str().ok()?;
    let is_number = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().expect("it has digits only"))
}

/// The token endpoint cannot ask for a pause of more than an hour.
fn check_token_endpoint(headers: &[u8]) {
    let answer = [b"HTTP/1.1 429 X\r\n", headers, b"\r\n\r\n{}"].concat();
    if let Err(error) = read_tokens(&Answer::from_bytes(answer), *SENT, None) {
        assert!(
            error.token_retry_after().is_none_or(|pause| pause <= Duration::from_secs(3600)),
            "{error:?}"
        );
    }
}

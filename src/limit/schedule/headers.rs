//! [`LimitHeaders`]: what an answer reports about the limits.

use http::{HeaderMap, HeaderName};

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const CONCURRENT_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-concurrent-limit");
const CONCURRENT_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-concurrent-remaining");
/// The highest number that is believed; higher ones are read as this one.
const MOST: usize = 1000;

/// The vendor's four rate limit headers. A header that is missing or is not a number is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LimitHeaders {
    /// The endpoint's limit of requests per second (`X-RateLimit-Limit`).
    pub limit: Option<usize>,
    /// How many more requests the server accepts in this second (`X-RateLimit-Remaining`).
    pub remaining: Option<usize>,
    /// The limit of requests in progress (`X-RateLimit-Concurrent-Limit`).
    pub concurrent_limit: Option<usize>,
    /// How many more requests may be in progress now (`X-RateLimit-Concurrent-Remaining`).
    pub concurrent_remaining: Option<usize>,
}

impl LimitHeaders {
    /// Reads the headers of an answer. A limit of 0 is ignored: with it no request would be sent again, and no answer could
    /// correct it.
    pub fn read(headers: &HeaderMap) -> Self {
        let number = |name: &HeaderName| {
            let text = headers.get(name)?.to_str().ok()?.trim();
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse::<usize>().map_or(MOST, |number| number.min(MOST)))
        };
        let limit = |name| number(name).filter(|limit| *limit > 0);
        Self {
            limit: limit(&LIMIT),
            remaining: number(&REMAINING),
            concurrent_limit: limit(&CONCURRENT_LIMIT),
            concurrent_remaining: number(&CONCURRENT_REMAINING),
        }
    }

    /// How many requests the server counted in its present second, this one included.
    pub(super) fn counted(&self) -> Option<usize> {
        Some(self.limit?.saturating_sub(self.remaining?))
    }

    /// How many requests were in progress at the server, this one included.
    pub(super) fn in_progress(&self) -> Option<usize> {
        Some(self.concurrent_limit?.saturating_sub(self.concurrent_remaining?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_are_read() {
        let read = |limit: &str, remaining: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(LIMIT, limit.parse().unwrap());
            headers.insert(REMAINING, remaining.parse().unwrap());
            let read = LimitHeaders::read(&headers);
            (read.limit, read.remaining, read.counted())
        };
        assert_eq!(read("10", "3"), (Some(10), Some(3), Some(7)));
        assert_eq!(read(" 5 ", "9"), (Some(5), Some(9), Some(0)));
        assert_eq!(read("0", "0"), (None, Some(0), None));
        assert_eq!(read("99999999999999999999", "1"), (Some(MOST), Some(1), Some(MOST - 1)));
        for bad in ["", "-1", "1.5", "ten", "1e3"] {
            assert_eq!(read(bad, bad), (None, None, None), "{bad}");
        }
        assert_eq!(LimitHeaders::read(&HeaderMap::new()), LimitHeaders::default());
    }
}

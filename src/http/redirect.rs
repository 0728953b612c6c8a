//! Where a redirect leads, and what is sent there. Pure. The rules are those of the Fetch standard ("HTTP-redirect
//! fetch"). In addition, no credential, cookie or body is ever sent to another origin.

use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use http::{HeaderMap, Method, StatusCode};
use url::Url;

/// The most redirects of one call, as in the Fetch standard.
pub(super) const MOST_HOPS: u32 = 20;

/// The caller's headers that are sent to another origin: those that describe the request, and none that identify the
/// caller.
const HARMLESS: [HeaderName; 7] =
    [ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE];

/// What to do with an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Hop {
    /// Return it, since it is not a redirect.
    Stay,
    /// Follow the redirect.
    Go(Next),
    /// Fail, since the request must not follow this redirect.
    Refuse(&'static str),
}

/// The next request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) url: Url,
    pub(super) method: Method,
    /// Whether the body is sent again, with the headers that describe it.
    pub(super) keeps_body: bool,
    /// Whether the redirect stays on the origin, so that the credential and all headers are sent again.
    pub(super) same_origin: bool,
}

/// Decides what to do with an answer.
pub(super) fn follow(
    from: &Url,
    method: &Method,
    has_body: bool,
    status: StatusCode,
    location: Option<&[u8]>,
) -> Hop {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Hop::Stay;
    }
    let Some(location) = location else { return Hop::Stay };
    let Ok(url) =
        std::str::from_utf8(location).map_err(|_| ()).and_then(|text| from.join(text).map_err(|_| ()))
    else {
        return Hop::Refuse("its Location is not a URL");
    };
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Hop::Refuse("it leads to something other than http or https");
    }
    if from.scheme() == "https" && url.scheme() == "http" {
        return Hop::Refuse("it leads from https to http");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Hop::Refuse("its Location holds a user or password");
    }
    let becomes_get = match status.as_u16() {
        301 | 302 => *method == Method::POST,
        303 => *method != Method::GET && *method != Method::HEAD,
        _ => false,
    };
    let same_origin = from.origin() == url.origin();
    let keeps_body = has_body && !becomes_get;
    if keeps_body && !same_origin {
        return Hop::Refuse("it would take the request's body to another origin");
    }
    let method = if becomes_get { Method::GET } else { method.clone() };
    Hop::Go(Next { url, method, keeps_body, same_origin })
}

/// The caller's headers that are sent on a redirect.
pub(super) fn headers(headers: &HeaderMap, hop: &Next) -> HeaderMap {
    headers
        .iter()
        .filter(|(name, _)| hop.same_origin || HARMLESS.contains(name))
        // These headers describe a body that is no longer sent.
        .filter(|(name, _)| hop.keeps_body || !name.as_str().starts_with("content-"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(status: u16, method: &Method, has_body: bool, location: &str) -> Hop {
        let from = Url::parse("https://api.example.com/a/b?x=1").unwrap();
        follow(&from, method, has_body, StatusCode::from_u16(status).unwrap(), Some(location.as_bytes()))
    }

    fn next(status: u16, method: &Method, has_body: bool, location: &str) -> Next {
        match hop(status, method, has_body, location) {
            Hop::Go(next) => next,
            other => panic!("expected a hop, got {other:?}"),
        }
    }

    #[test]
    fn methods_and_bodies_change_as_in_the_fetch_standard() {
        let table = [
            (301, Method::POST, Method::GET, false),
            (302, Method::POST, Method::GET, false),
            (303, Method::POST, Method::GET, false),
            (307, Method::POST, Method::POST, true),
            (308, Method::POST, Method::POST, true),
            (301, Method::PUT, Method::PUT, true),
            (302, Method::PATCH, Method::PATCH, true),
            (303, Method::PUT, Method::GET, false),
            (303, Method::DELETE, Method::GET, false),
        ];
        for (status, method, then, keeps_body) in table {
            let next = next(status, &method, true, "/c");
            assert_eq!((next.method, next.keeps_body), (then, keeps_body), "{status} {method}");
            assert_eq!(next.url.as_str(), "https://api.example.com/c");
        }
        assert_eq!(next(303, &Method::HEAD, false, "/c").method, Method::HEAD);
        assert_eq!(next(302, &Method::GET, false, "c?y=2").url.as_str(), "https://api.example.com/a/c?y=2");
    }

    #[test]
    fn another_scheme_host_port_or_subdomain_is_another_origin() {
        assert!(next(302, &Method::GET, false, "https://api.example.com:443/c").same_origin);
        for location in [
            "https://api.example.com:8443/c",
            "https://example.com/c",
            "https://eu.api.example.com/c",
            "https://storage.example.net/c",
            "//storage.example.net/c",
        ] {
            assert!(!next(302, &Method::GET, false, location).same_origin, "{location}");
            assert!(matches!(hop(307, &Method::POST, true, location), Hop::Refuse(_)), "{location}");
            assert!(!next(303, &Method::POST, true, location).keeps_body, "{location}");
        }
    }

    #[test]
    fn some_places_are_not_for_us() {
        for location in [
            "http://api.example.com/c",
            "ftp://x/y",
            "javascript:alert(1)",
            "data:,x",
            "https://u:p@api.example.com/",
            "https://u@api.example.com/",
            "https://:p@api.example.com/",
        ] {
            assert!(matches!(hop(302, &Method::GET, false, location), Hop::Refuse(_)), "{location}");
        }
        assert_eq!(hop(304, &Method::GET, false, "/c"), Hop::Stay);
        assert_eq!(hop(300, &Method::GET, false, "/c"), Hop::Stay);
        let from = Url::parse("https://api.example.com/").unwrap();
        assert_eq!(follow(&from, &Method::GET, false, StatusCode::FOUND, None), Hop::Stay);
        let bytes = Some(&b"\xff\xfe"[..]);
        assert!(matches!(follow(&from, &Method::GET, false, StatusCode::FOUND, bytes), Hop::Refuse(_)));
    }

    #[test]
    fn another_origin_sees_what_is_wanted_and_not_who_asks() {
        let sent: HeaderMap = [
            ("accept", "text/csv"),
            ("range", "bytes=0-1"),
            ("cookie", "canary"),
            ("authorization", "canary"),
            ("x-smarttoken", "canary"),
            ("x-tenant-key", "canary"),
            ("content-type", "text/plain"),
        ]
        .into_iter()
        .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
        .collect();
        let elsewhere = next(302, &Method::GET, false, "https://storage.example.net/c");
        let names: Vec<_> = headers(&sent, &elsewhere).keys().map(ToString::to_string).collect();
        assert_eq!(names, ["accept", "range"]);
        let here = next(303, &Method::POST, true, "/c");
        assert!(headers(&sent, &here).contains_key("x-tenant-key"));
        assert!(!headers(&sent, &here).contains_key("content-type"));
    }
}

//! The URL of a request. A [`Target`] is parsed once, and never leaves the origin of its [`BaseUrl`].

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::{Host, Position, Url};

use crate::error::{Error, Result};

/// Every character except the unreserved ones (RFC 3986 section 2.3) is encoded, since page ids contain `/`, `+` and
/// `=`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The longest URL, in bytes. The HTTP client accepts at most 65,534, and few servers accept 8,000.
const LONGEST_URL: usize = 64_000;

/// The root of the API: an origin, possibly with a path that precedes every request's path.
#[derive(Debug, Clone)]
pub struct BaseUrl {
    url: Url,
    prefix: String,
}

impl BaseUrl {
    /// Reads a base URL: https, or http on loopback, without user, query or fragment. Fails with
    /// [`Error::Configuration`] that names `field`.
    pub fn parse(field: &'static str, text: &str) -> Result<Self> {
        let url = parse_secure_url(field, text)?;
        if url.query().is_some() {
            return Err(Error::configuration(field, "must not have a query"));
        }
        let prefix = url.path().trim_end_matches('/').to_owned();
        Ok(Self { url, prefix })
    }

    /// The URL of `path` below this base.
    pub fn join(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{path}", self.prefix));
        url
    }

    /// Whether a credential of this base may be sent to `other`.
    pub fn same_origin(&self, other: &Url) -> bool {
        self.url.origin() == other.origin()
    }

    /// The path and query of `url`, as [`Target::parse`] accepts them. `None` if `url` is on another origin. A path
    /// that does not begin with this base's path is taken to be relative to the base, since gateways pass on the API's
    /// links unchanged.
    pub fn below<'a>(&self, url: &'a Url) -> Option<&'a str> {
        let path = self.same_origin(url).then(|| &url[Position::BeforePath..Position::AfterQuery])?;
        let below = path.strip_prefix(self.prefix.as_str()).filter(|below| below.starts_with('/'));
        Some(below.unwrap_or(path))
    }

    /// The base URL as text, without a trailing slash.
    pub fn as_str(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }
}

/// Reads a URL that secrets may be sent to: https, or http on loopback, without user or fragment. Fails with
/// [`Error::Configuration`] that names `field`.
pub fn parse_secure_url(field: &'static str, text: &str) -> Result<Url> {
    // The parser would silently remove these characters, which are surely a mistake.
    if text.chars().any(|c| c.is_ascii_control() || c == ' ') {
        return Err(Error::configuration(field, "must not contain blanks or control characters"));
    }
    let url = Url::parse(text).map_err(|_| {
        Error::configuration(field, "must be a whole URL, such as https://api.smartrecruiters.com")
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::configuration(field, "must not hold a user or password"));
    }
    if url.fragment().is_some() {
        return Err(Error::configuration(field, "must not have a fragment"));
    }
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback => Ok(url),
        _ => Err(Error::configuration(
            field,
            "must begin with https:// (http:// is for localhost, 127.0.0.1 and [::1] only)",
        )),
    }
}

/// A request's URL, which is on the origin of its base, and the path template that it was made from.
#[derive(Debug, Clone)]
pub struct Target {
    url: Url,
    path: String,
    /// The length of the base's path within the URL's path.
    prefix: usize,
}

impl Target {
    /// Makes a URL from `path`, the values of its `{name}`s and a query. Fails with [`Error::Configuration`] that names
    /// `path` or the parameter.
    ///
    /// `path` begins with `/` and is relative to the base, or is a whole URL on the base's origin. It may contain a
    /// query of its own, which must be encoded. Parameters and `query` are encoded here, so that none of them can
    /// direct the request elsewhere.
    pub fn parse(
        base: &BaseUrl,
        path: &str,
        params: &[(String, String)],
        query: &[(String, String)],
    ) -> Result<Self> {
        refuse_unsafe_characters(path)?;
        let relative = relative_path(base, path)?;
        let (path, own_query) = match relative.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (relative.as_ref(), None),
        };
        let expanded = expand(path, params)?;
        if expanded.split('/').any(is_dot_segment) {
            return Err(Error::configuration("path", "must not contain `.` or `..` segments"));
        }
        let mut url = base.join(&expanded);
        let query = encode_query(own_query, query);
        // An empty query differs from none (RFC 3986 section 6.2.3).
        let has_query = own_query.is_some() || !query.is_empty();
        url.set_query(has_query.then_some(query.as_str()));
        if url.as_str().len() > LONGEST_URL {
            let field = if expanded.len() > LONGEST_URL / 2 { "path" } else { "query" };
            return Err(Error::configuration(
                field,
                "makes a URL of more than 64,000 characters: send less of it",
            ));
        }
        Ok(Self { url, path: path.to_owned(), prefix: base.prefix.len() })
    }

    /// The whole URL.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The path as the caller wrote it, below the base and without its query. It may contain `{name}`s.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path below the base as it is sent, with values in place of `{name}`s.
    pub fn expanded_path(&self) -> &str {
        self.url.path().get(self.prefix..).unwrap_or_default()
    }
}

fn relative_path<'a>(base: &BaseUrl, path: &'a str) -> Result<Cow<'a, str>> {
    if path.contains('#') {
        return Err(Error::configuration("path", "must not contain `#`; encode it, or use `params`"));
    }
    // `//host/path` would be another host.
    if path.starts_with('/') && !path.starts_with("//") {
        return Ok(Cow::Borrowed(path));
    }
    let elsewhere = || {
        Error::configuration(
            "path",
            "must begin with one `/`, or be a whole URL on the origin of `baseUrl`: credentials go nowhere else",
        )
    };
    let (scheme, rest) = path.split_once("://").ok_or_else(elsewhere)?;
    let url = Url::parse(path).map_err(|_| elsewhere())?;
    if !base.same_origin(&url) || !url.username().is_empty() || url.password().is_some() {
        return Err(elsewhere());
    }
    // The raw text is used, since parsing would already have resolved `..`.
    let start = rest.find(['/', '?']).map_or(path.len(), |at| scheme.len() + 3 + at);
    let tail = path.get(start..).unwrap_or_default();
    let below = tail.strip_prefix(base.prefix.as_str()).ok_or_else(elsewhere)?;
    match below.as_bytes().first() {
        Some(b'/') => Ok(Cow::Borrowed(below)),
        None | Some(b'?') => Ok(Cow::Owned(format!("/{below}"))),
        Some(_) => Err(elsewhere()),
    }
}

fn refuse_unsafe_characters(path: &str) -> Result<()> {
    if path.chars().any(|c| c.is_ascii_control() || c == ' ' || c == '\\') {
        return Err(Error::configuration(
            "path",
            "must not contain blanks, control characters or backslashes; encode them, or use `params`",
        ));
    }
    Ok(())
}

fn expand<'a>(path: &'a str, params: &[(String, String)]) -> Result<Cow<'a, str>> {
    if params.is_empty() && !path.contains('{') {
        return Ok(Cow::Borrowed(path));
    }
    let mut expanded = String::with_capacity(path.len() + 32);
    let mut used = vec![false; params.len()];
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) =
            after.split_once('}').ok_or_else(|| Error::configuration("path", "has a `{` without its `}`"))?;
        let at = params.iter().position(|(key, _)| key == name).ok_or_else(|| {
            Error::configuration(
                format!("params.{name}"),
                "is missing, but the path names it; give its value in `params`",
            )
        })?;
        let value = params.get(at).map_or("", |(_, value)| value.as_str());
        if value.is_empty() || is_dot_segment(value) {
            return Err(Error::configuration(
                format!("params.{name}"),
                "must be an id: not empty, `.` or `..`, which would address another resource",
            ));
        }
        if let Some(flag) = used.get_mut(at) {
            *flag = true;
        }
        expanded.push_str(before);
        expanded.extend(utf8_percent_encode(value, ENCODED));
        rest = after;
    }
    expanded.push_str(rest);
    if let Some(((name, _), _)) = params.iter().zip(&used).find(|(_, used)| !**used) {
        let problem =
            format!("is not named in the path as {{{name}}}; what comes after the `?` goes into `query`");
        return Err(Error::configuration(format!("params.{name}"), problem));
    }
    Ok(Cow::Owned(expanded))
}

fn encode_query(own: Option<&str>, pairs: &[(String, String)]) -> String {
    let mut query = own.unwrap_or_default().to_owned();
    for (key, value) in pairs {
        if !query.is_empty() {
            query.push('&');
        }
        query.extend(utf8_percent_encode(key, ENCODED));
        query.push('=');
        query.extend(utf8_percent_encode(value, ENCODED));
    }
    query
}

/// Whether a segment is `.` or `..`, in any encoding that a server or URL parser may read as such.
fn is_dot_segment(segment: &str) -> bool {
    if !segment.contains(['.', '%']) {
        return false;
    }
    let decoded = percent_decode_str(segment).collect::<Vec<u8>>();
    // A server might treat a decoded slash or backslash as the beginning of a new segment.
    decoded.split(|byte| matches!(byte, b'/' | b'\\')).any(|part| matches!(part, b"." | b".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> BaseUrl {
        BaseUrl::parse("baseUrl", "https://api.example.com").unwrap()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn url(path: &str, params: &[(&str, &str)], query: &[(&str, &str)]) -> Result<String> {
        Target::parse(&base(), path, &pairs(params), &pairs(query)).map(|target| target.url().to_string())
    }

    fn field(result: Result<String>) -> String {
        match result {
            Err(Error::Configuration { field, .. }) => field.into_owned(),
            other => panic!("expected a configuration error, got {other:?}"),
        }
    }

    #[test]
    fn parameters_are_encoded_and_cannot_retarget() {
        assert_eq!(url("/jobs/{id}", &[("id", "a-1")], &[]).unwrap(), "https://api.example.com/jobs/a-1");
        assert_eq!(
            url("/jobs/{id}/notes", &[("id", "a/b?c#d;é%2e")], &[]).unwrap(),
            "https://api.example.com/jobs/a%2Fb%3Fc%23d%3B%C3%A9%252e/notes"
        );
        for id in ["", ".", "..", "%2e%2e", "%2E.", "../users", "a/../b", "..\\x"] {
            assert_eq!(field(url("/jobs/{id}", &[("id", id)], &[])), "params.id", "{id}");
        }
    }

    #[test]
    fn parameters_and_path_must_name_each_other() {
        assert_eq!(field(url("/jobs/{id}", &[], &[])), "params.id");
        assert_eq!(field(url("/jobs", &[("id", "1")], &[])), "params.id");
        assert_eq!(field(url("/jobs/{id", &[("id", "1")], &[])), "path");
    }

    #[test]
    fn a_base_is_written_without_a_slash_at_its_end() {
        for text in ["https://api.example.com/base/", "https://api.example.com/base"] {
            let base = BaseUrl::parse("baseUrl", text).unwrap();
            assert_eq!(base.as_str(), "https://api.example.com/base", "{text}");
        }
    }

    #[test]
    fn an_empty_query_stays_one() {
        assert_eq!(url("/jobs", &[], &[]).unwrap(), "https://api.example.com/jobs");
        assert_eq!(url("/jobs?", &[], &[]).unwrap(), "https://api.example.com/jobs?");
        assert_eq!(url("/jobs?", &[], &[("a", "b")]).unwrap(), "https://api.example.com/jobs?a=b");
    }

    #[test]
    fn what_makes_too_long_a_url_is_named() {
        let long = "x".repeat(LONGEST_URL);
        assert_eq!(field(url(&format!("/{long}"), &[], &[])), "path");
        assert_eq!(field(url("/jobs/{id}", &[("id", &long)], &[])), "path");
        assert_eq!(field(url("/jobs", &[], &[("q", &long)])), "query");
        // The longest one that is taken, and the shortest path that is to blame for the length.
        let rest = LONGEST_URL - "https://api.example.com/jobs?q=".len();
        assert_eq!(url("/jobs", &[], &[("q", &long[..rest])]).unwrap().len(), LONGEST_URL);
        assert_eq!(field(url("/jobs", &[], &[("q", &long[..=rest])])), "query");
        let half = format!("/{}", &long[1..LONGEST_URL / 2]);
        assert_eq!(field(url(&half, &[], &[("q", &long)])), "query");
        assert_eq!(field(url(&format!("{half}x"), &[], &[("q", &long)])), "path");
    }

    #[test]
    fn paths_that_could_leave_their_place_are_refused() {
        for path in [
            "jobs",
            "",
            "//evil.example/jobs",
            "/jobs/../users",
            "/jobs/%2e%2e/users",
            "/jobs/%2e%2E%2fusers",
            "/jobs/.",
            "/jobs\\..\\users",
            "/jobs#x",
            "/jobs\r\nHost: evil",
            "/jo bs",
            "https://evil.example/jobs",
            "http://api.example.com/jobs",
            "https://api.example.com:8443/jobs",
            "https://user:pw@api.example.com/jobs",
            "https://user@api.example.com/jobs",
            "https://:pw@api.example.com/jobs",
            "https://api.example.com.evil.example/jobs",
            "https://api.example.com\\@evil.example/jobs",
            "javascript:alert(1)",
        ] {
            assert_eq!(field(url(path, &[], &[])), "path", "{path}");
        }
    }

    #[test]
    fn queries_are_encoded_and_join_one_that_is_there() {
        assert_eq!(
            url("/jobs?limit=10", &[], &[("pageId", "a/b+c="), ("q", "x y&z")]).unwrap(),
            "https://api.example.com/jobs?limit=10&pageId=a%2Fb%2Bc%3D&q=x%20y%26z"
        );
        assert_eq!(url("/jobs", &[], &[]).unwrap(), "https://api.example.com/jobs");
    }

    #[test]
    fn a_whole_url_on_the_same_origin_is_taken() {
        assert_eq!(
            url("https://api.example.com/jobs?pageId=a%2Fb", &[], &[]).unwrap(),
            "https://api.example.com/jobs?pageId=a%2Fb"
        );
        assert_eq!(
            url("https://api.example.com:443/jobs", &[], &[]).unwrap(),
            "https://api.example.com/jobs"
        );
        assert_eq!(field(url("https://api.example.com/jobs/../users", &[], &[])), "path");
    }

    #[test]
    fn a_base_with_a_path_stays_in_front() {
        let base = BaseUrl::parse("baseUrl", "https://proxy.example/smart/").unwrap();
        let target = |path: &str| Target::parse(&base, path, &[], &[]).map(|target| target.url().to_string());
        assert_eq!(target("/jobs").unwrap(), "https://proxy.example/smart/jobs");
        let id = [("id".to_owned(), "a/b".to_owned())];
        let filled = Target::parse(&base, "/jobs/{id}?x=1", &id, &[]).unwrap();
        assert_eq!((filled.path(), filled.expanded_path()), ("/jobs/{id}", "/jobs/a%2Fb"));
        assert_eq!(target("https://proxy.example/smart/jobs").unwrap(), "https://proxy.example/smart/jobs");
        assert_eq!(field(target("https://proxy.example/smarter/jobs")), "path");
        assert_eq!(field(target("https://proxy.example/jobs")), "path");
    }

    #[test]
    fn what_is_below_a_base_is_of_its_origin() {
        let below = |base: &str, url: &str| {
            let base = BaseUrl::parse("baseUrl", base).unwrap();
            base.below(&Url::parse(url).unwrap()).map(str::to_owned)
        };
        let table = [
            ("https://a.example", "https://a.example/jobs?pageId=a%2Fb#top", Some("/jobs?pageId=a%2Fb")),
            ("https://a.example", "https://user:pw@a.example/jobs", Some("/jobs")),
            ("https://a.example", "https://a.example:8443/jobs", None),
            ("https://a.example", "http://a.example/jobs", None),
            ("https://a.example/smart", "https://a.example/smart/jobs", Some("/jobs")),
            ("https://a.example/smart", "https://a.example/jobs", Some("/jobs")),
            ("https://a.example/smart", "https://a.example/smarter", Some("/smarter")),
        ];
        for (base, url, expected) in table {
            assert_eq!(below(base, url).as_deref(), expected, "{url} below {base}");
        }
    }

    #[test]
    fn secrets_go_to_https_or_loopback_only() {
        for good in [
            "https://api.example.com",
            "http://localhost:1",
            "http://127.0.0.1:1",
            "http://[::1]:1",
            "http://0x7f.1",
        ] {
            assert!(BaseUrl::parse("baseUrl", good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.example.com",
            "ftp://localhost",
            "api.example.com",
            "https://user@api.example.com",
            "https://api.example.com/#x",
            "https://api.example.com/?x=1",
            "http://localhost.evil.example",
            "http://10.0.0.1",
            "https://api.example.com\n",
            "",
        ] {
            assert!(BaseUrl::parse("baseUrl", bad).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_parameter_leaves_its_segment(id in "\\PC{1,40}") {
            if let Ok(url) = url("/jobs/{id}/notes", &[("id", &id)], &[]) {
                let url = Url::parse(&url).unwrap();
                let segments: Vec<_> = url.path_segments().unwrap().collect();
                proptest::prop_assert_eq!(segments.len(), 3);
                proptest::prop_assert_eq!((segments[0], segments[2]), ("jobs", "notes"));
                proptest::prop_assert!(url.query().is_none());
            }
        }
    }
}

//! Paths and their parameters. The first line of an input is the path; each other line is `name=value` of a parameter,
//! or `?name=value` of the query.

use std::sync::{Arc, LazyLock};

use http::Method;
use percent_encoding::percent_decode_str;
use smartrecruiters::error::Error;
use smartrecruiters::http::{BaseUrl, Target, parse_secure_url};
use smartrecruiters::limit::Endpoints;
use smartrecruiters::operations;

static BASES: LazyLock<[BaseUrl; 2]> = LazyLock::new(|| {
    ["https://api.example.com", "https://proxy.example/smart/"]
        .map(|base| BaseUrl::parse("baseUrl", base).expect("it is a base"))
});
static ENDPOINTS: LazyLock<Arc<Endpoints>> = LazyLock::new(Endpoints::documented);

type Pairs = Vec<(String, String)>;

pub(crate) fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.split('\n');
    let path = lines.next().unwrap_or_default();
    let pair = |line: &str| {
        let (name, value) = line.split_once('=').unwrap_or((line, ""));
        (name.to_owned(), value.to_owned())
    };
    let (query, params): (Vec<_>, Vec<_>) = lines.take(16).partition(|line| line.starts_with('?'));
    let query: Pairs = query.into_iter().map(|line| pair(&line[1..])).collect();
    let params: Pairs = params.into_iter().map(pair).collect();
    for (base, prefix) in BASES.iter().zip(["", "/smart"]) {
        match Target::parse(base, path, &params, &query) {
            Ok(target) => check_target(base, prefix, path, &params, &target),
            Err(error) => check_refusal(path, &params, &query, &error),
        }
    }
    if let Ok(url) = parse_secure_url("url", path) {
        let is_local = url.scheme() == "http" && matches!(url.host_str(), Some(host) if is_loopback(host));
        assert!(url.scheme() == "https" || is_local, "{url}");
        assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
    }
    let _ = operations::find_by_name("operation", path);
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host == "[::1]" || host.starts_with("127.")
}

/// No path and no parameter leads away from its base, or from its place in the path.
fn check_target(base: &BaseUrl, prefix: &str, path: &str, params: &Pairs, target: &Target) {
    let url = target.url();
    assert!(base.same_origin(url) && url.username().is_empty() && url.password().is_none(), "{url}");
    assert!(url.fragment().is_none() && url.as_str().len() <= 64_000);
    let below = url.path().strip_prefix(prefix).expect("it is below its base");
    assert!(below.starts_with('/') && below == target.expanded_path(), "{url}");
    let decoded = percent_decode_str(below).collect::<Vec<_>>();
    let mut segments = decoded.split(|byte| matches!(byte, b'/' | b'\\'));
    assert!(!segments.any(|segment| matches!(segment, b"." | b"..")), "{url}");
    // A value with a slash in it stays one segment.
    assert_eq!(below.split('/').count(), target.path().split('/').count(), "{path} became {url}");
    assert_eq!(params.iter().filter(|(_, value)| value.is_empty()).count(), 0);
    let again = Target::parse(base, url.as_str(), &[], &[]).expect("what was made is taken");
    assert_eq!(again.url(), url);
    let endpoint = ENDPOINTS.of(&Method::GET, target);
    assert!(endpoint.name().starts_with("GET /"), "{}", endpoint.name());
}

fn check_refusal(path: &str, params: &Pairs, query: &Pairs, error: &Error) {
    let Error::Configuration { field, .. } = error else { panic!("{error:?} is not about an argument") };
    assert!(field == "path" || field == "query" || field.starts_with("params."), "{field}");
    let printed = error.to_string();
    let is_quoted = |value: &str| printed.contains(value) && !path.contains(value);
    for (_, value) in params.iter().chain(query).filter(|(_, value)| value.starts_with("canary-")) {
        let is_name = params.iter().any(|(name, _)| name.contains(value));
        assert!(is_name || !is_quoted(value), "{printed}");
    }
}

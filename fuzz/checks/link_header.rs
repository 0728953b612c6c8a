//! `Link` headers, and the target of the next page. Each line of an input is a header.

use std::sync::LazyLock;

use http::header::LINK;
use http::{HeaderMap, HeaderValue};
use smartrecruiters::http::{BaseUrl, Target, next_link};
use url::Url;

static BASE: LazyLock<BaseUrl> =
    LazyLock::new(|| BaseUrl::parse("baseUrl", "https://api.example.com/v1").expect("it is a base"));
static PAGE: LazyLock<Url> = LazyLock::new(|| BASE.join("/jobs"));

pub(crate) fn check(input: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n').take(16) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(LINK, value);
        }
    }
    let Some(link) = next_link(&headers) else { return };
    let written = format!("<{link}>");
    let is_written = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.contains(&written));
    assert!(headers.get_all(LINK).iter().any(is_written), "{link} is in no header");
    check_target(link);
    check_behind_others(link);
}

/// A link is followed on the origin of the API only.
fn check_target(link: &str) {
    let Ok(url) = PAGE.join(link) else { return };
    let Some(below) = BASE.below(&url) else {
        assert!(!BASE.same_origin(&url), "{url} was not taken");
        return;
    };
    if let Ok(target) = Target::parse(&BASE, below, &[], &[]) {
        assert!(
            BASE.same_origin(target.url()) && target.url().path().starts_with("/v1/"),
            "{}",
            target.url()
        );
    }
}

/// The same link is found behind others, whatever their parameters hold.
fn check_behind_others(link: &str) {
    let others = r#"</a>; rel="prev"; title="a \", </x>; rel=next", </b?x=1,2>; rel=first, "#;
    let Ok(value) = HeaderValue::from_str(&format!("{others}<{link}>; rel=\"last Next\"")) else { return };
    let mut headers = HeaderMap::new();
    headers.insert(LINK, value);
    assert_eq!(next_link(&headers), Some(link));
}

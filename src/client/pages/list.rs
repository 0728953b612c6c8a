//! [`List`]: which request fetches each page of a list. Pure.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::http::{BaseUrl, Target};
use crate::operations::{self, PageRules, PageStyle};

/// The largest page size that the vendor allows.
const LARGEST_PAGE: &str = "100";

type Pairs = Vec<(String, String)>;

/// How the pages of a list follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Each page names the next one, in its body or in a `Link` header.
    Named,
    /// Each page is requested by the number of items before it, so that no page depends on another.
    Offset,
    /// Each page is requested by its number, counted from 0.
    Number,
    /// There is only one page.
    Whole,
}

/// What the path of a list says about its pages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// `None` if only the first page shows the style.
    pub(super) style: Option<Style>,
    /// The query parameter for the page size, if there is one.
    size: Option<&'static str>,
    /// The query parameter that takes the name or number of a page, if it is known.
    page: Option<&'static str>,
    /// The sort order that the vendor recommends so that no page misses a row.
    sort: Option<&'static str>,
}

/// The rules of a path that is not in the vendor's table.
const UNKNOWN: Rules = Rules { style: None, size: Some("limit"), page: None, sort: None };

impl Rules {
    /// What the vendor's table says of a list. What the first page shows takes precedence, so that a list that is not in
    /// the table, or has changed, is also read to its end.
    fn of(path: &str) -> Self {
        let Some(operation) = operations::find("GET", path) else { return UNKNOWN };
        let Some(PageRules { style, size, sort }) = operation.page_rules() else {
            return Self { size: None, ..UNKNOWN };
        };
        let (style, page) = match style {
            PageStyle::Cursor(parameter) => (Style::Named, Some(parameter)),
            PageStyle::Offset => (Style::Offset, None),
            PageStyle::Number(parameter) => (Style::Number, Some(parameter)),
            PageStyle::Whole => (Style::Whole, None),
        };
        Self { style: Some(style), size, page, sort }
    }

    /// The query parameter that takes a `nextPageId`.
    fn page_id(&self) -> &'static str {
        self.page.unwrap_or("pageId")
    }

    /// The query parameter that takes a `nextPage` or a number.
    fn page(&self) -> &'static str {
        self.page.unwrap_or("page")
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Place {
    /// The page that the caller's own query asks for.
    Start,
    /// The page with this `nextPageId`.
    PageId(String),
    /// The page with this `nextPage`.
    Page(String),
    /// The page with this many items before it.
    Offset(u64),
    /// The page with this number.
    Number(u64),
    /// The page at this path and query. A text that does not begin with a slash is another origin, whose path was
    /// dropped.
    Link(String),
}

/// A list: a path and a query.
#[derive(Debug)]
pub(super) struct List {
    base: BaseUrl,
    path: String,
    params: Pairs,
    query: Pairs,
    pub(super) rules: Rules,
}

impl List {
    /// The list at `path`, which may contain a query of its own.
    pub(super) fn new(base: &BaseUrl, path: &str, params: Pairs, query: Pairs) -> Result<Self> {
        let whole = Target::parse(base, path, &params, &query)?;
        let mut rules = Rules::of(whole.expanded_path());
        let (path, own) = path.split_once('?').unwrap_or((path, ""));
        let mut query: Pairs =
            url::form_urlencoded::parse(own.as_bytes()).into_owned().chain(query).collect();
        let defaults =
            [(rules.size, LARGEST_PAGE), (rules.sort.map(|_| "sort"), rules.sort.unwrap_or_default())];
        for (name, value) in defaults {
            if let Some(name) = name
                && !query.iter().any(|(key, _)| key == name)
            {
                query.push((name.to_owned(), value.to_owned()));
            }
        }
        if query.iter().any(|(key, _)| key == "offset") {
            rules.style = Some(Style::Offset);
        }
        Ok(Self { base: base.clone(), path: path.to_owned(), params, query, rules })
    }

    /// The request target of a page.
    pub(super) fn target(&self, place: &Place) -> Result<Target> {
        let (name, value) = match place {
            Place::Start => return self.with_query(&self.query),
            Place::PageId(id) => (self.rules.page_id(), Cow::from(id)),
            Place::Page(page) => (self.rules.page(), Cow::from(page)),
            Place::Offset(offset) => ("offset", Cow::from(offset.to_string())),
            Place::Number(number) => (self.rules.page(), Cow::from(number.to_string())),
            Place::Link(link) => return self.linked(link),
        };
        let mut query = self.query.clone();
        query.retain(|(key, _)| key != name && key != "offset");
        query.push((name.to_owned(), value.into_owned()));
        self.with_query(&query)
    }

    fn with_query(&self, query: &[(String, String)]) -> Result<Target> {
        Target::parse(&self.base, &self.path, &self.params, query)
    }

    /// The target of a link. The API's links are already encoded. A link to another origin is refused, since the
    /// credential must not go there.
    fn linked(&self, link: &str) -> Result<Target> {
        if !link.starts_with('/') {
            return Err(pagination(format!(
                "the API says that its next page is at {link}, where the credential must not go; check `baseUrl`, or read the pages one by one with `get`"
            )));
        }
        Target::parse(&self.base, link, &[], &[])
            .map_err(|_| pagination("the API's link to its next page is malformed; try again later"))
    }

    /// The page that a link on the page at `url` leads to.
    pub(super) fn link(&self, url: &url::Url, link: &str) -> Place {
        let Ok(url) = url.join(link) else { return Place::Link("no URL".to_owned()) };
        let below = self.base.below(&url).map(str::to_owned);
        Place::Link(below.unwrap_or_else(|| url.origin().ascii_serialization()))
    }

    /// The number of items before the first page. `None` if the caller's query names a page, since its position is
    /// unknown.
    pub(super) fn first(&self) -> Option<u64> {
        match self.value("offset") {
            Some(offset) => offset.parse().ok(),
            None if self.value(self.rules.page_id()).is_some() || self.value(self.rules.page()).is_some() => {
                None
            }
            None => Some(0),
        }
    }

    /// The number of the first page, in a list whose pages have numbers.
    pub(super) fn first_number(&self) -> u64 {
        self.value(self.rules.page()).and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    /// The value of a parameter in the caller's query.
    fn value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A fingerprint of this path and query, independent of the order of the query.
    pub(super) fn fingerprint(&self) -> Result<String> {
        let mut query: Vec<_> = self.query.iter().collect();
        query.sort_unstable();
        let query: Vec<_> = query.into_iter().map(|(key, value)| format!("{key}\0{value}\0")).collect();
        let text = format!("{}\0{}", self.target(&Place::Start)?.url().path(), query.concat());
        let digest = digest::digest(&digest::SHA256, text.as_bytes());
        Ok(URL_SAFE_NO_PAD.encode(digest.as_ref().get(..9).unwrap_or_default()))
    }
}

/// An [`Error::Pagination`] with this problem.
pub(super) fn pagination(problem: impl Into<Cow<'static, str>>) -> Error {
    Error::Pagination { problem: problem.into() }
}

//! The decisions of paging, as tables.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde_json::json;

use super::counts::{Counter, Counts};
use super::list::{List, Place};
use super::next_pages::NextPages;
use super::page::Page;
use super::position::{Position, ResumePoint, read_cursor};
use crate::clock::{Clock, ManualClock};
use crate::error::{Error, ErrorCode, Result};
use crate::http::BaseUrl;

/// Names and values of a query.
type Query<'a> = &'a [(&'a str, &'a str)];
/// The ids of a page, and its total.
type Counted<'a> = (&'a [u32], Option<u64>);

fn list(path: &str, query: Query<'_>) -> List {
    let base = BaseUrl::parse("baseUrl", "https://api.example.com").unwrap();
    let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    List::new(&base, path, Vec::new(), query).unwrap()
}

fn asked(list: &List, place: &Place) -> String {
    let url = list.target(place).unwrap().url().to_string();
    url.strip_prefix("https://api.example.com").unwrap().to_owned()
}

/// The page with this body. The hashes of ids differ from those of every other page.
fn read(body: impl AsRef<[u8]>) -> Result<Page> {
    Page::read(&Bytes::copy_from_slice(body.as_ref()), &RandomState::new())
}

/// So many items.
fn items(count: usize) -> Vec<serde_json::Value> {
    (0..count).map(|index| json!({ "id": index })).collect()
}

#[test]
fn each_list_is_asked_for_in_its_own_way() {
    let id = || Place::PageId("a/b+c=".into());
    // (path, what the first request asks, what the request for a page asks)
    let table = [
        ("/jobs", "/jobs?limit=100&sort=job_id", id(), "/jobs?limit=100&sort=job_id&pageId=a%2Fb%2Bc%3D"),
        ("/jobs/", "/jobs/?limit=100&sort=job_id", id(), "/jobs/?limit=100&sort=job_id&pageId=a%2Fb%2Bc%3D"),
        ("/candidates", "/candidates?limit=100", id(), "/candidates?limit=100&pageId=a%2Fb%2Bc%3D"),
        (
            "/user-api/v201804/users",
            "/user-api/v201804/users?limit=100",
            id(),
            "/user-api/v201804/users?limit=100&pageId=a%2Fb%2Bc%3D",
        ),
        (
            "/audit-api/v201910/audit-events",
            "/audit-api/v201910/audit-events?limit=100",
            id(),
            "/audit-api/v201910/audit-events?limit=100&nextPageId=a%2Fb%2Bc%3D",
        ),
        (
            "/configuration/job-properties/x/values",
            "/configuration/job-properties/x/values?pageSize=100",
            id(),
            "/configuration/job-properties/x/values?pageSize=100&pageId=a%2Fb%2Bc%3D",
        ),
        (
            "/reporting-api/v201804/reports",
            "/reporting-api/v201804/reports?limit=100",
            Place::Page("a/b+c=".into()),
            "/reporting-api/v201804/reports?limit=100&page=a%2Fb%2Bc%3D",
        ),
        (
            "/v1/companies/Acme/postings",
            "/v1/companies/Acme/postings?limit=100",
            Place::Offset(200),
            "/v1/companies/Acme/postings?limit=100&offset=200",
        ),
        (
            "/approvals-api/v201910/approvals",
            "/approvals-api/v201910/approvals",
            Place::Link("/approvals-api/v201910/approvals?pageId=a%2Fb%2Bc%3D".into()),
            "/approvals-api/v201910/approvals?pageId=a%2Fb%2Bc%3D",
        ),
        (
            "/webhooks-api/v201907/subscriptions",
            "/webhooks-api/v201907/subscriptions?limit=100",
            id(),
            "/webhooks-api/v201907/subscriptions?limit=100&page_id=a%2Fb%2Bc%3D",
        ),
        (
            "/approvals-api/v201910/approvals/",
            "/approvals-api/v201910/approvals/",
            id(),
            "/approvals-api/v201910/approvals/?pageId=a%2Fb%2Bc%3D",
        ),
        (
            "/event-management-api/events",
            "/event-management-api/events?pageSize=100",
            Place::Number(3),
            "/event-management-api/events?pageSize=100&page=3",
        ),
        (
            "/interview-templates/interview/templates",
            "/interview-templates/interview/templates?limit=100",
            Place::Number(1),
            "/interview-templates/interview/templates?limit=100&page=1",
        ),
        (
            "/configuration/job-properties",
            "/configuration/job-properties",
            Place::Start,
            "/configuration/job-properties",
        ),
        // An operation of the table that is not known to be a list.
        ("/jobs/1/note", "/jobs/1/note", id(), "/jobs/1/note?pageId=a%2Fb%2Bc%3D"),
        (
            "/new-api/v202601/things",
            "/new-api/v202601/things?limit=100",
            id(),
            "/new-api/v202601/things?limit=100&pageId=a%2Fb%2Bc%3D",
        ),
        (
            "/configuration/departments",
            "/configuration/departments",
            Place::Start,
            "/configuration/departments",
        ),
        (
            "/reviews-api/v201910/reviews",
            "/reviews-api/v201910/reviews",
            Place::Start,
            "/reviews-api/v201910/reviews",
        ),
        ("/candidates/1/attachments", "/candidates/1/attachments", Place::Start, "/candidates/1/attachments"),
    ];
    for (path, first, place, next) in table {
        let list = list(path, &[]);
        assert_eq!(asked(&list, &Place::Start), first);
        assert_eq!(asked(&list, &place), next);
    }
}

#[test]
fn the_callers_query_is_kept_but_for_the_page() {
    let id = || Place::PageId("b".into());
    let table: [(&str, Query<'_>, Place, &str); 10] = [
        ("/jobs", &[("sort", "title"), ("limit", "7")], id(), "/jobs?sort=title&limit=7&pageId=b"),
        ("/jobs?q=a+b%26c", &[("q", "d")], Place::Start, "/jobs?q=a%20b%26c&q=d&limit=100&sort=job_id"),
        ("/candidates?pageId=a", &[], Place::Start, "/candidates?pageId=a&limit=100"),
        ("/candidates?pageId=a", &[], id(), "/candidates?limit=100&pageId=b"),
        ("/offers", &[("offset", "50")], Place::Start, "/offers?offset=50&limit=100"),
        ("/offers", &[("offset", "50")], Place::Offset(150), "/offers?limit=100&offset=150"),
        (
            "/webhooks-api/v201907/subscriptions?page_id=a",
            &[],
            id(),
            "/webhooks-api/v201907/subscriptions?limit=100&page_id=b",
        ),
        (
            "/event-management-api/events?page=4",
            &[],
            Place::Start,
            "/event-management-api/events?page=4&pageSize=100",
        ),
        (
            "/event-management-api/events?page=4",
            &[],
            Place::Number(5),
            "/event-management-api/events?pageSize=100&page=5",
        ),
        ("https://api.example.com/offers?limit=5", &[], Place::Offset(5), "/offers?limit=5&offset=5"),
    ];
    for (path, query, place, expected) in table {
        assert_eq!(asked(&list(path, query), &place), expected);
    }
}

#[test]
fn a_page_is_a_list_or_has_one_as_its_content() {
    // (body, items, next, total)
    let table = [
        ("[]", 0, None, None),
        (" [1, \"a\", {}] ", 3, None, None),
        (r#"{"content":[]}"#, 0, None, None),
        (
            r#"{"content":[{},{}],"nextPageId":"a/b","totalFound":7}"#,
            2,
            Some(Place::PageId("a/b".into())),
            Some(7),
        ),
        (r#"{"content":[{}],"nextPageId":"\u002b"}"#, 1, Some(Place::PageId("+".into())), None),
        (r#"{"content":[{}],"nextPageId":null}"#, 1, None, None),
        (r#"{"content":[{}],"nextPageId":""}"#, 1, None, None),
        (r#"{"content":[{}],"nextPageId":{},"totalFound":"many"}"#, 1, None, None),
        (r#"{"nextPage":2,"content":[{}]}"#, 1, Some(Place::Page("2".into())), None),
        (r#"{"nextPage":"x","content":[{}],"more":{"content":1}}"#, 1, Some(Place::Page("x".into())), None),
    ];
    for (body, items, next, total) in table {
        let page = read(body).unwrap();
        assert_eq!((page.ids.len(), page.next, page.total), (items, next, total), "{body}");
    }
    let refused = [
        ("", "{}", "null", "7", "<html>"),
        ("[", "{", "[1,", "[1,]", "[,1]"),
        ("[1]]", "[1][]", "[1] x", "[1 2]", "[1}"),
        ("[01]", "[-]", "[tru]", "['a']", "[\"a]"),
        ("[{]", "[{\"a\"}]", "[{\"a\":1,}]", "[{1:2}]", "[{\"a\":1 \"b\":2}]"),
        ("[{\"id\":}]", "[{\"id\":1]", "[{\"id\":\"\n\"}]", "[{\"\n\":1}]", "[{\"\\x\":1}]"),
        (
            r#"{"content":{}}"#,
            r#"{"content":null}"#,
            r#"{"content":"[]"}"#,
            r#"{"content":[1}"#,
            r#"{"content":}"#,
        ),
        (
            r#"{"content":[]"#,
            r#"{"content":[]}}"#,
            r#"{"content":[]} {}"#,
            r#"{"content":[],}"#,
            r#"{"content" []}"#,
        ),
        (
            r#"{"content":[] "a":1}"#,
            "{content:[]}",
            r#"{7:1,"content":[]}"#,
            r#"{,"content":[]}"#,
            r#"{"a":[}"#,
        ),
        // It is unclear which of the two is meant, or what the name is.
        (
            r#"{"content":[],"content":[]}"#,
            r#"{"content":[],"nextPageId":null,"nextPageId":1}"#,
            r#"{"nextPage":1,"content":[],"nextPage":2}"#,
            r#"{"totalFound":1,"totalFound":1,"content":[]}"#,
            r#"{"content":[],"\ud800":1}"#,
        ),
        ("\u{fffd}", "\u{c}[]", "\u{feff}[]", "[]\u{0}", "[1]\u{a0}"),
    ];
    for body in refused.iter().flat_map(|&(a, b, c, d, e)| [a, b, c, d, e]) {
        let error = read(body).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Pagination, "{body}");
        assert!(error.to_string().contains("`get`"));
    }
    assert!(read(b"[\"\xff\"]").is_err());
    assert!(read(b"{\"content\":[],\"a\":\"\xff\"}").is_err());
}

#[test]
fn a_page_is_read_however_its_json_is_written() {
    let deep = format!("[{{\"a\":{}{},\"id\":1}}]", "[".repeat(100_000), "]".repeat(100_000));
    // (body, whether each item has an id)
    let table: [(&str, &[bool]); 9] = [
        (" \r\n\t[ { } , { \"id\" : 1 } ] \r\n\t", &[false, true]),
        ("{ \"content\" : [ ] , \"a\" : [ ] }", &[]),
        // A number that no float holds, half a character, and a name with half a character.
        (r#"[1e999,"\ud800",{"\ud800":1,"id":-1e999}]"#, &[false, false, true]),
        (
            r#"[{"a":1,"a":2,"id":3},[{"id":1}],["id"],true,null,-0.5E+1]"#,
            &[true, false, false, false, false, false],
        ),
        (r#"{"\u0063ontent":[{"\u0069d":1}]}"#, &[true]),
        (r#"{"content":[{"id":1}],"a":1,"a":2,"Content":0}"#, &[true]),
        (r#"{"a":"]}","b":{"content":[0]},"content":[{"id":"]}"}]}"#, &[true]),
        ("[{\"\u{131}d\":1},{\"ID\":1},{\"id \":1},{\"\":1}]", &[false; 4]),
        (&deep, &[true]),
    ];
    for (body, expected) in table {
        let page = read(body).unwrap();
        let found: Vec<_> = page.ids.iter().map(Option::is_some).collect();
        assert_eq!(found, expected, "{body:.80}");
    }
}

#[test]
fn the_text_of_a_page_is_what_the_parser_gets() {
    let body = Bytes::from_static(br#"{"a":[0],"content": [ {"id":1}, 2 ] ,"b":{}}"#);
    let page = Page::read(&body, &RandomState::new()).unwrap();
    assert_eq!(page.text, r#"[ {"id":1}, 2 ]"#);
    assert!(body.as_ptr_range().contains(&page.text.as_ptr()), "it is not copied");
    assert_eq!(read(b" [ 1 ]\n").unwrap().text, "[ 1 ]");
}

#[test]
fn a_page_goes_on_after_the_items_that_were_returned_before() {
    let page = read(r#"{"content": [ {"a":[1, 2]} , "x,y" ,3 ] }"#).unwrap();
    let table = [
        (0, Some(r#"[ {"a":[1, 2]} , "x,y" ,3 ]"#)),
        (1, Some(r#"["x,y",3]"#)),
        (2, Some("[3]")),
        (3, None),
        (usize::MAX, None),
    ];
    for (skip, expected) in table {
        assert_eq!(page.after(skip).as_deref(), expected.map(str::as_bytes), "{skip}");
    }
    assert_eq!(read("[]").unwrap().after(0), None);
}

#[test]
fn items_are_known_by_their_ids() {
    let hasher = RandomState::new();
    let table = [
        (r#"{"id":"a"}"#, Some(r#""a""#)),
        (r#"{"x":{"id":1},"id":7}"#, Some("7")),
        (r#"{"x":[{"id":1}],"y":"id"}"#, None),
        (r#"{"id": {"id": 1} }"#, Some(r#"{"id": 1}"#)),
        (r#"{"\u0069\u0064":"a"}"#, Some(r#""a""#)),
        (r#"{"id":1,"id":2}"#, Some("2")),
        (r#"{"id":1,"id":null}"#, None),
        (r#"{"id":null}"#, None),
        ("{}", None),
        ("7", None),
        ("\"id\"", None),
        (r#"["id"]"#, None),
    ];
    for (item, expected) in table {
        let page = Page::read(&format!("[{item}]").into(), &hasher).unwrap();
        assert_eq!(page.ids, [expected.map(|id| hasher.hash_one(id))], "{item}");
    }
}

/// The pages that are asked for, and the end, if each page is as `answer` says. `ahead`: the most at once.
fn walk(list: &List, ahead: usize, answer: impl Fn(&Place) -> String) -> Vec<Place> {
    let mut next_pages = NextPages::from(Place::Start);
    let (mut waiting, mut all) = (VecDeque::new(), Vec::new());
    loop {
        while waiting.len() < ahead
            && let Some(place) = next_pages.ask()
        {
            all.push(place.clone());
            waiting.push_back(place);
        }
        let Some(place) = waiting.pop_front() else { return all };
        let text = answer(&place);
        next_pages.learn(list, &place, &read(text).unwrap());
        assert!(all.len() < 100, "it never ends");
    }
}

#[test]
fn pages_that_name_the_next_are_followed_to_the_one_that_does_not() {
    for path in ["/candidates", "/unknown"] {
        let pages = walk(&list(path, &[]), 8, |place| {
            match place {
                Place::Start => json!({ "content": items(3), "nextPageId": "a", "totalFound": 100 }),
                Place::PageId(id) if id == "a" => {
                    json!({ "content": items(3), "nextPageId": "b", "totalFound": 100 })
                }
                _ => json!({ "content": items(1), "totalFound": 100 }),
            }
            .to_string()
        });
        assert_eq!(pages, [Place::Start, Place::PageId("a".into()), Place::PageId("b".into())], "{path}");
    }
}

#[test]
fn an_empty_page_is_the_last_even_if_it_names_another() {
    let pages = walk(&list("/candidates", &[]), 1, |place| match place {
        Place::Start => json!({ "content": items(3), "nextPageId": "a" }).to_string(),
        _ => json!({ "content": [], "nextPageId": "b" }).to_string(),
    });
    assert_eq!(pages, [Place::Start, Place::PageId("a".into())]);
}

#[test]
fn a_list_that_names_no_next_page_ends_with_the_first_if_it_ought_to_name_it() {
    for path in ["/candidates", "/configuration/departments"] {
        let pages =
            walk(&list(path, &[]), 1, |_| json!({ "content": items(3), "totalFound": 9 }).to_string());
        assert_eq!(pages, [Place::Start], "{path}");
    }
    let bare = walk(&list("/reviews-api/v201910/reviews", &[]), 1, |_| json!(items(3)).to_string());
    assert_eq!(bare, [Place::Start]);
}

#[test]
fn offsets_go_on_to_the_total_however_many_are_asked_for_at_once() {
    let by_offset = |path: &str, query: Query<'_>, ahead| {
        walk(&list(path, query), ahead, |place| {
            let at = match place {
                Place::Offset(offset) => usize::try_from(*offset).unwrap(),
                _ => usize::from(!query.is_empty()) * 3,
            };
            json!({ "content": items(10_usize.saturating_sub(at).min(4)), "totalFound": 10 }).to_string()
        })
    };
    for ahead in [1, 2, 8] {
        let expected = [Place::Start, Place::Offset(4), Place::Offset(8)];
        assert_eq!(by_offset("/offers", &[], ahead), expected, "{ahead} at once");
        assert_eq!(by_offset("/unknown", &[], ahead), expected, "{ahead} at once");
        // Also of a list that has page ids, if the caller began so.
        let from = by_offset("/jobs", &[("offset", "3")], ahead);
        assert_eq!(from, [Place::Start, Place::Offset(7)], "{ahead} at once");
    }
}

#[test]
fn offsets_without_a_total_go_on_to_an_empty_page() {
    let pages = walk(&list("/users", &[]), 8, |place| match place {
        Place::Start => json!(items(4)).to_string(),
        Place::Offset(4) => json!(items(2)).to_string(),
        _ => "[]".to_owned(),
    });
    assert_eq!(pages, [Place::Start, Place::Offset(4), Place::Offset(6)]);
}

#[test]
fn page_numbers_go_on_to_the_total_or_to_an_empty_page() {
    let numbers = |query: Query<'_>, ahead, total: Option<u64>| {
        let first = u64::from(!query.is_empty());
        walk(&list("/event-management-api/events", query), ahead, |place| {
            let number = if let Place::Number(number) = place { *number } else { first };
            let left = 10_usize.saturating_sub(usize::try_from(number).unwrap() * 4);
            json!({ "content": items(left.min(4)), "totalFound": total }).to_string()
        })
    };
    for ahead in [1, 8] {
        let all = [Place::Start, Place::Number(1), Place::Number(2), Place::Number(3)];
        assert_eq!(numbers(&[], ahead, None), all);
        assert_eq!(numbers(&[], ahead, Some(10)), all[..3]);
        assert_eq!(numbers(&[], ahead, Some(8)), all[..2]);
        assert_eq!(numbers(&[("page", "1")], ahead, Some(10)), [Place::Start, Place::Number(2)]);
    }
    // A page that names the next one takes precedence over the table.
    let named = walk(&list("/event-management-api/events", &[]), 1, |place| match place {
        Place::Start => json!({ "content": items(3), "nextPageId": "a" }).to_string(),
        _ => json!({ "content": items(1) }).to_string(),
    });
    assert_eq!(named, [Place::Start, Place::PageId("a".into())]);
}

#[test]
fn a_total_that_changes_is_followed() {
    let total = |place: &Place| match place {
        Place::Start => 8,
        Place::Offset(4) => 12,
        _ => 9,
    };
    let pages = walk(&list("/offers", &[]), 1, |place| {
        let left = if *place == Place::Offset(8) { 1 } else { 4 };
        json!({ "content": items(left), "totalFound": total(place) }).to_string()
    });
    assert_eq!(pages, [Place::Start, Place::Offset(4), Place::Offset(8)]);
}

#[test]
fn links_are_followed_on_the_apis_origin_and_nowhere_else() {
    let list = list("/approvals-api/v201910/approvals", &[]);
    let here = list.target(&Place::Start).unwrap().url().clone();
    let table = [
        ("/approvals?pageId=a%2Fb", Ok("/approvals?pageId=a%2Fb")),
        ("?pageId=a%2Fb", Ok("/approvals-api/v201910/approvals?pageId=a%2Fb")),
        ("next?x={1}", Ok("/approvals-api/v201910/next?x={1}")),
        ("https://api.example.com/approvals?pageId=%2B#top", Ok("/approvals?pageId=%2B")),
        ("https://api.example.com:443/approvals", Ok("/approvals")),
        ("https://evil.example/approvals?pageId=canary", Err("https://evil.example")),
        ("//evil.example/approvals", Err("https://evil.example")),
        ("http://api.example.com/approvals", Err("http://api.example.com")),
        ("https://api.example.com:8443/approvals", Err("https://api.example.com:8443")),
        ("https://api.example.com.evil.example/", Err("https://api.example.com.evil.example")),
        ("data:text/plain,canary", Err("null")),
        ("https://[", Err("no URL")),
    ];
    for (link, expected) in table {
        match (list.target(&list.link(&here, link)), expected) {
            (Ok(target), Ok(expected)) => {
                assert_eq!(target.url().as_str(), format!("https://api.example.com{expected}"));
            }
            (Err(error @ Error::Pagination { .. }), Err(origin)) => {
                assert!(error.to_string().contains(&format!("at {origin}, where")), "{error}");
                assert!(!error.to_string().contains("canary"));
            }
            (found, _) => panic!("{link}: {found:?}"),
        }
    }
    assert!(matches!(list.target(&Place::Link("//evil.example/x".into())), Err(Error::Pagination { .. })));
}

fn position(list: &List, clock: &ManualClock) -> Position {
    Position {
        fingerprint: list.fingerprint().unwrap().into(),
        here: ResumePoint { place: Some(Place::PageId("here".into())), skip: 2 },
        items: 10,
        following: ResumePoint { place: Some(Place::PageId("next".into())), skip: 0 },
        counts: Counts { done: 100, duplicates: 1, missing: 2, total: Some(500) },
        earlier: 60,
        began: Some(clock.now()),
        clock: Arc::new(clock.clone()),
    }
}

#[test]
fn a_cursor_is_exact_to_the_item() {
    let list = list("/candidates", &[]);
    let position = position(&list, &ManualClock::new());
    // (taken, place, items to leave out of it)
    let table = [(0, "here", 2), (1, "here", 3), (9, "here", 11), (10, "next", 0)];
    for (taken, place, skip) in table {
        let (start, counts) = read_cursor(&position.cursor(taken), &position.fingerprint).unwrap();
        assert_eq!((start.place, start.skip), (Some(Place::PageId(place.into())), skip));
        assert_eq!(counts, Counts { done: 100 + taken, ..position.counts });
    }
    let end = Position { items: 0, following: ResumePoint { place: None, skip: 0 }, ..position };
    assert_eq!(read_cursor(&end.cursor(0), &end.fingerprint).unwrap().0.place, None);
}

#[test]
fn a_cursor_is_refused_for_another_list_and_nothing_else_is_one() {
    let list_of = list;
    let list = list_of("/candidates", &[("q", "a"), ("tag", "b")]);
    let cursor = position(&list, &ManualClock::new()).cursor(0);
    let reordered = list_of("/candidates?tag=b", &[("q", "a")]);
    assert!(read_cursor(&cursor, &reordered.fingerprint().unwrap()).is_ok());
    let base = BaseUrl::parse("baseUrl", "https://api.example.com").unwrap();
    let of_job = |id: &str| {
        let params = vec![("id".to_owned(), id.to_owned())];
        List::new(&base, "/jobs/{id}/notes", params, Vec::new()).unwrap().fingerprint().unwrap()
    };
    assert_ne!(of_job("1"), of_job("2"));
    for other in
        [list_of("/jobs", &[("q", "a"), ("tag", "b")]), list_of("/candidates", &[("q", "a"), ("tag", "c")])]
    {
        refused(&cursor, &other.fingerprint().unwrap(), "another path or query");
    }
    let own = list.fingerprint().unwrap();
    for text in ["", "nonsense", "e30", &cursor[1..], &cursor[..cursor.len() - 4], "{}"] {
        refused(text, &own, "not a cursor");
    }
    let later = URL_SAFE_NO_PAD.encode(r#"{"v":2}"#);
    refused(&later, &own, "another version");
}

fn refused(text: &str, fingerprint: &str, problem: &str) {
    match read_cursor(text, fingerprint) {
        Err(Error::Configuration { field, problem: told }) => {
            assert_eq!(field, "from");
            assert!(told.contains(problem), "{text}: {told}");
        }
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn rates_are_of_this_pass_alone() {
    let clock = ManualClock::new();
    let position = position(&list("/candidates", &[]), &clock);
    let start = position.progress(0);
    assert_eq!((start.done, start.total, start.rate, start.eta), (100, Some(500), 0.0, None));
    clock.advance(Duration::from_secs(5));
    let progress = position.progress(10);
    assert_eq!((progress.done, progress.rate, progress.eta), (110, 10.0, Some(39.0)));
    assert_eq!((progress.duplicates, progress.missing), (1, 2));
}

/// What is counted of pages with these ids and totals, read to the end.
fn counted(pages: &[Counted<'_>], by_offset: bool) -> (u64, u64) {
    let (mut counter, hasher) = (Counter::from(Counts::default()), RandomState::new());
    for (ids, total) in pages {
        let content: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
        let body = json!({ "content": content, "totalFound": total }).to_string();
        counter.add(&Page::read(&body.into(), &hasher).unwrap(), 0, by_offset, 0);
        counter.counts.done += ids.len() as u64;
    }
    counter.end();
    (counter.counts.duplicates, counter.counts.missing)
}

#[test]
fn what_comes_twice_and_what_may_be_missing_is_counted() {
    // (pages, duplicates, missing: by offset, missing: by page id)
    let table: [(&[Counted<'_>], u64, u64, u64); 7] = [
        (&[(&[1, 2], Some(4)), (&[3, 4], Some(4))], 0, 0, 0),
        (&[(&[1, 2], None), (&[3], None)], 0, 0, 0),
        // Something joined before the place: one comes twice, and the new one is missing.
        (&[(&[1, 2], Some(4)), (&[2, 3], Some(5)), (&[4], Some(5))], 1, 1, 1),
        // Something joined behind the place.
        (&[(&[1, 2], Some(4)), (&[3, 4], Some(5)), (&[5], Some(5))], 0, 0, 0),
        // Something left: by offset, one behind it may have moved past; by page id, nothing does.
        (&[(&[1, 2], Some(5)), (&[4, 5], Some(4))], 0, 1, 0),
        // Fewer came than there are.
        (&[(&[1, 2], Some(4)), (&[4], Some(4))], 0, 1, 1),
        (&[(&[1], Some(4)), (&[], Some(4))], 0, 3, 3),
    ];
    for (pages, duplicates, by_offset, by_id) in table {
        assert_eq!(counted(pages, true), (duplicates, by_offset), "{pages:?} by offset");
        assert_eq!(counted(pages, false), (duplicates, by_id), "{pages:?} by page id");
    }
}

#[test]
fn ids_that_are_long_past_are_forgotten() {
    let (mut counter, hasher) = (Counter::from(Counts::default()), RandomState::new());
    let mut add = |ids: std::ops::Range<u32>| {
        let body = json!(ids.map(|id| json!({ "id": id })).collect::<Vec<_>>()).to_string();
        counter.add(&Page::read(&body.into(), &hasher).unwrap(), 0, false, 0);
        counter.counts.duplicates
    };
    assert_eq!(add(0..100_001), 0);
    assert_eq!(add(1..2), 1, "it is the oldest of those that are remembered");
    assert_eq!(add(0..1), 1, "it is forgotten");
}

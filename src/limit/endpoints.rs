//! [`Endpoint`]: a method and a path template. [`Endpoints`]: which endpoint a request belongs to. The vendor's endpoints
//! are those of its operations (`src/operations/`).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use http::Method;

use crate::error::{Error, Result};
use crate::http::Target;
use crate::operations::{self, Operation, Paths, is_parameter};

/// The limit of requests per second for each credential and endpoint without an exception.
const PER_SECOND: u32 = 10;
/// The limit of requests in progress for each credential.
pub(super) const CONCURRENT: u32 = 8;
/// The number of endpoints outside the table that are remembered. If there are more, ids are being taken for names.
const MOST_UNKNOWN: usize = 1024;
/// The length, in characters, from which a segment with a capital letter is an id.
const LONG: usize = 20;
/// The length of the longest name. A longer segment is an id.
const LONGEST_NAME: usize = 40;
/// The length from which a segment of hexadecimal digits is an id.
const HEXADECIMAL: usize = 8;

/// A method and a path template, such as `GET /jobs/{id}`, with its limits. Cheap to clone and compare.
#[derive(Debug, Clone)]
pub struct Endpoint(Arc<Named>);

#[derive(Debug)]
struct Named {
    name: String,
    rule: Rule,
    operation: Option<&'static Operation>,
}

/// The limits of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The limit of requests in any second.
    pub per_second: u32,
    /// The limit of requests in progress, if the endpoint has one of its own beside the credential's.
    pub concurrent: Option<u32>,
    /// Whether the user chose the limits. Answers may then lower them, but not raise them.
    pub chosen: bool,
}

impl Rule {
    /// The vendor's limits of an operation, or of an endpoint without one.
    fn of(operation: Option<&Operation>) -> Self {
        Self {
            per_second: operation.and_then(Operation::requests_per_second).unwrap_or(PER_SECOND),
            concurrent: operation.and_then(Operation::requests_at_once),
            chosen: false,
        }
    }
}

impl Default for Rule {
    fn default() -> Self {
        Self::of(None)
    }
}

impl Endpoint {
    /// The endpoint's method and path template.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The endpoint's limits by the table, before answers correct them.
    pub fn rule(&self) -> Rule {
        self.0.rule
    }

    /// The vendor's operation of this endpoint, if the table has one.
    pub fn operation(&self) -> Option<&'static Operation> {
        self.0.operation
    }
}

impl PartialEq for Endpoint {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.name == other.0.name
    }
}

impl Eq for Endpoint {}

impl Hash for Endpoint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.name)
    }
}

/// A user's row for the table of endpoints.
#[derive(Debug, Clone)]
pub struct EndpointLimit {
    /// A method and a path template, such as `GET /jobs/{id}`.
    pub endpoint: String,
    /// The limit of requests in any second. `None` keeps the table's limit.
    pub per_second: Option<u32>,
    /// The limit of requests in progress. `None` keeps the table's limit.
    pub concurrent: Option<u32>,
}

/// All endpoints: those that the vendor documents, those of the user's rows, and others that requests went to.
#[derive(Debug)]
pub struct Endpoints {
    paths: Paths,
    /// The limits of the user's rows.
    rules: HashMap<(Method, usize), Rule>,
    /// Segments that an id follows in a documented template, such as `jobs`.
    collections: HashSet<&'static str>,
    met: Mutex<Met>,
}

#[derive(Debug, Default)]
struct Met {
    known: HashMap<(Method, usize), Endpoint>,
    unknown: HashMap<String, Endpoint>,
}

impl Endpoints {
    /// The vendor's table without rows of a user. The process has one.
    pub fn documented() -> Arc<Self> {
        static DOCUMENTED: LazyLock<Arc<Endpoints>> = LazyLock::new(|| Arc::new(Endpoints::new()));
        Arc::clone(&DOCUMENTED)
    }

    /// The vendor's table with the rows of a user, which replace the vendor's.
    pub fn with(rows: &[EndpointLimit]) -> Result<Arc<Self>> {
        if rows.is_empty() {
            return Ok(Self::documented());
        }
        let mut endpoints = Self::new();
        for row in rows {
            let malformed = || {
                Error::configuration(
                    "limits.endpoints",
                    "must be named by method and path template, such as `GET /jobs/{id}`",
                )
            };
            let (method, template) = row.endpoint.split_once(' ').ok_or_else(malformed)?;
            let method = Method::from_bytes(method.as_bytes()).map_err(|_| malformed())?;
            if !template.starts_with('/') || template.contains([' ', '?', '#']) {
                return Err(malformed());
            }
            let template = template.trim_end_matches('/');
            let path = endpoints.paths.plant(Cow::Owned(template.to_owned()));
            let documented = || Rule::of(operations::find(method.as_str(), template));
            let rule = endpoints.rules.entry((limited_as(&method), path)).or_insert_with(documented);
            rule.per_second = row.per_second.unwrap_or(rule.per_second);
            rule.concurrent = row.concurrent.or(rule.concurrent);
            rule.chosen = true;
        }
        Ok(Arc::new(endpoints))
    }

    fn new() -> Self {
        let mut paths = Paths::default();
        let mut collections = HashSet::new();
        for template in operations::all().iter().map(Operation::path) {
            paths.plant(Cow::Borrowed(template));
            let segments: Vec<_> = template.split('/').collect();
            collections.extend(segments.windows(2).filter(|pair| is_parameter(pair[1])).map(|pair| pair[0]));
        }
        Self { paths, rules: HashMap::new(), collections, met: Mutex::default() }
    }

    /// Returns the endpoint of a request.
    pub fn of(&self, method: &Method, target: &Target) -> Endpoint {
        self.resolve(method, target.path(), target.expanded_path())
    }

    /// Returns the endpoint of a path. `written` is the path as the caller wrote it, perhaps with `{name}`s, and `path` is the
    /// path with their values.
    fn resolve(&self, method: &Method, written: &str, path: &str) -> Endpoint {
        let method = limited_as(method);
        let path = path.trim_matches('/');
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((number, template)) = self.paths.find(path) {
            let named = || named(&method, template, self.rules.get(&(method.clone(), number)).copied());
            return met.known.entry((method.clone(), number)).or_insert_with(named).clone();
        }
        let mut name = self.shape(&method, written, path);
        if let Some(known) = met.unknown.get(&name) {
            return known.clone();
        }
        // There are too many: all with the same first segment are limited as one endpoint.
        if met.unknown.len() >= MOST_UNKNOWN {
            let family = name.split('/').nth(1).unwrap_or_default();
            name = format!("{method} /{family}/…");
        }
        let template = name.get(method.as_str().len() + 1..).unwrap_or_default();
        let endpoint = named(&method, template, None);
        met.unknown.entry(name).or_insert(endpoint).clone()
    }

    /// Derives the name of an endpoint from the shape of a path that is not in the table. In doubt a segment is an id: two
    /// endpoints taken for one are slower than necessary, while one taken for two gets 429s.
    fn shape(&self, method: &Method, written: &str, path: &str) -> String {
        let mut name = String::with_capacity(method.as_str().len() + path.len() + 2);
        name.push_str(method.as_str());
        name.push(' ');
        let mut written = written.trim_matches('/').split('/');
        let mut collection = false;
        for segment in path.split('/') {
            let is_id =
                written.next().is_some_and(|segment| segment.contains('{')) || collection || is_id(segment);
            name.push('/');
            name.push_str(if is_id { "{id}" } else { segment });
            collection = !is_id && self.collections.contains(segment);
        }
        name
    }
}

fn named(method: &Method, template: &str, rule: Option<Rule>) -> Endpoint {
    let operation = operations::find(method.as_str(), template);
    let rule = rule.unwrap_or_else(|| Rule::of(operation));
    Endpoint(Arc::new(Named { name: format!("{method} {template}"), rule, operation }))
}

/// The method whose limits hold: a `HEAD` is a `GET` without the body (RFC 9110 section 9.3.2).
fn limited_as(method: &Method) -> Method {
    if method == Method::HEAD { Method::GET } else { method.clone() }
}

/// Whether a segment is an id. The vendor's names consist of letters and hyphens only, apart from versions such as `v201804`.
fn is_id(segment: &str) -> bool {
    let version = segment
        .strip_prefix('v')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
    if version {
        return false;
    }
    let named = segment.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-' || byte == b'_');
    let hexadecimal = segment.len() >= HEXADECIMAL && segment.bytes().all(|byte| byte.is_ascii_hexdigit());
    let coded = segment.len() >= LONG && segment.bytes().any(|byte| byte.is_ascii_uppercase());
    !named || hexadecimal || coded || segment.len() > LONGEST_NAME
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;

    /// All templates of the table, each once.
    fn paths() -> Vec<&'static str> {
        let paths: BTreeSet<_> = operations::all().iter().map(Operation::path).collect();
        paths.into_iter().collect()
    }

    fn name(method: &str, path: &str) -> String {
        of(&Endpoints::documented(), method, path)
    }

    fn of(endpoints: &Endpoints, method: &str, path: &str) -> String {
        endpoints.resolve(&Method::from_bytes(method.as_bytes()).unwrap(), path, path).to_string()
    }

    /// A path of `template`, with `id` in place of its parameters.
    fn filled(template: &str, id: &str) -> String {
        let fill = |segment| if is_parameter(segment) { id } else { segment };
        template.split('/').map(fill).collect::<Vec<_>>().join("/")
    }

    #[test]
    fn every_documented_path_is_its_own_endpoint_whatever_its_ids_are() {
        for template in paths() {
            for id in [
                "7",
                "3f1b2c9a-1a2b-4c3d-8e4f-5a6b7c8d9e0f",
                "Z2lkOi8vam9i",
                "a%20b",
                "{id}",
                "abc",
                "743999658",
            ] {
                for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
                    let expected = format!("{method} {template}");
                    assert_eq!(name(method, &filled(template, id)), expected, "{id}");
                }
            }
        }
        assert!(paths().len() > 150, "some paths are missing");
    }

    #[test]
    fn names_are_preferred_to_parameters() {
        assert_eq!(name("GET", "/users/me"), "GET /users/me");
        assert_eq!(name("GET", "/users/mean"), "GET /users/{id}");
        assert_eq!(name("POST", "/candidates/cv/parse"), "POST /candidates/cv/parse");
        assert_eq!(name("GET", "/candidates/attachments"), "GET /candidates/{id}");
        assert_eq!(name("GET", "/candidates/attachments/7"), "GET /candidates/attachments/{attachmentId}");
        let data = "/reporting-api/v201804/reports/7/files/recent/data";
        assert_eq!(name("GET", data), "GET /reporting-api/v201804/reports/{reportId}/files/recent/data");
    }

    #[test]
    fn exceptions_have_their_own_limits() {
        let rule = |method: &str, path: &str| {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            Endpoints::documented().resolve(&method, path, path).rule()
        };
        assert_eq!(rule("GET", "/jobs"), Rule { per_second: 10, concurrent: None, chosen: false });
        assert_eq!(rule("GET", "/candidates").concurrent, Some(1));
        assert_eq!(rule("HEAD", "/candidates").concurrent, Some(1));
        assert_eq!(rule("POST", "/candidates").concurrent, None);
        assert_eq!(rule("POST", "/jobs/7/publication").per_second, 2);
        assert_eq!(rule("DELETE", "/jobs/7/publication").per_second, 2);
        assert_eq!(rule("GET", "/jobs/7/publication").per_second, 10);
        assert_eq!(rule("GET", "/offers/7/documents/8").per_second, 2);
        assert_eq!(rule("GET", "/offers/7/documents").per_second, 10);
    }

    #[test]
    fn unknown_paths_get_a_template_from_their_shape() {
        for (path, template) in [
            ("/echo", "/echo"),
            ("/echo/", "/echo"),
            ("/interviews-api/v201904/slots/7/notes", "/interviews-api/v201904/slots/{id}/notes"),
            ("/new-api/v202601/things/3f1b2c9a-1a2b-4c3d-8e4f-5a6b7c8d9e0f", "/new-api/v202601/things/{id}"),
            ("/new-api/things/deadbeef", "/new-api/things/{id}"),
            ("/new-api/things/YWJjZGVmZ2hpamtsbW5vcA", "/new-api/things/{id}"),
            ("/new-api/things/a%2Fb", "/new-api/things/{id}"),
            ("/new-api/things/{thing}/parts", "/new-api/things/{id}/parts"),
            ("/new-api/jobs/abc/parts", "/new-api/jobs/{id}/parts"),
            ("/new-api/hiringTeams/schedule", "/new-api/hiringTeams/schedule"),
            ("/new-api/things/v2x", "/new-api/things/{id}"),
        ] {
            assert_eq!(name("GET", path), format!("GET {template}"));
        }
    }

    #[test]
    fn the_values_of_parameters_decide_if_the_table_has_the_path() {
        let endpoints = Endpoints::documented();
        let of = |written, path| endpoints.resolve(&Method::GET, written, path).to_string();
        assert_eq!(of("/{kind}/{id}", "/jobs/7"), "GET /jobs/{id}");
        assert_eq!(of("/users/{id}", "/users/me"), "GET /users/me");
        assert_eq!(of("/things/{name}", "/things/abc"), "GET /things/{id}");
        assert_eq!(of("/%6Aobs", "/%6Aobs"), "GET /jobs");
    }

    #[test]
    fn users_can_change_and_add_rows() {
        let row = |endpoint: &str, per_second, concurrent| EndpointLimit {
            endpoint: endpoint.to_owned(),
            per_second,
            concurrent,
        };
        let endpoints = Endpoints::with(&[
            row("GET /candidates", Some(5), None),
            row("POST /things/{name}/parts", None, Some(2)),
            row("GET /jobs/{jobId}", Some(1), None),
        ])
        .unwrap();
        let rule = |method, path| endpoints.resolve(&method, path, path).rule();
        let chosen = |per_second, concurrent| Rule { per_second, concurrent, chosen: true };
        assert_eq!(rule(Method::GET, "/candidates"), chosen(5, Some(1)));
        assert_eq!(rule(Method::POST, "/things/abc/parts"), chosen(10, Some(2)));
        assert_eq!(rule(Method::GET, "/jobs/7"), chosen(1, None));
        assert_eq!(of(&endpoints, "GET", "/jobs/7"), "GET /jobs/{id}", "a template has one name");
        assert_eq!(rule(Method::GET, "/jobs"), Rule::default());
        for bad in ["/jobs", "GET jobs", "GET", "GET /jobs?x", "G T /jobs", ""] {
            let error = Endpoints::with(&[row(bad, None, None)]).unwrap_err();
            assert!(
                matches!(error, Error::Configuration { field, .. } if field == "limits.endpoints"),
                "{bad}"
            );
        }
    }

    #[test]
    fn too_many_unknown_endpoints_are_limited_as_one() {
        let endpoints = Endpoints::new();
        let letters = |number: usize| -> String {
            number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'g')).collect()
        };
        let names: HashSet<_> =
            (0..5000).map(|number| of(&endpoints, "GET", &format!("/things/{}", letters(number)))).collect();
        assert_eq!(names.len(), MOST_UNKNOWN + 1);
        assert!(names.contains("GET /things/…"));
    }

    proptest! {
        #[test]
        fn no_id_becomes_an_endpoint_of_its_own(
            template in prop::sample::select(paths()),
            id in "[0-9]{1,12}|[0-9a-f]{8}-[0-9a-f]{4}|[A-Za-z0-9+=]{1,40}|%[0-9A-F]{2}[a-z]{0,9}",
        ) {
            // A segment of the table is a name, not an id.
            let decoded = percent_decode_str(&id).decode_utf8_lossy();
            prop_assume!(!paths().iter().any(|path| path.split('/').any(|segment| segment == decoded)));
            prop_assert_eq!(name("GET", &filled(template, &id)), format!("GET {template}"));
        }

        #[test]
        fn the_template_of_any_path_belongs_to_the_same_endpoint(path in "(/[ -~]{0,12}){1,6}") {
            let first = name("GET", &path);
            let template = first.strip_prefix("GET ").unwrap();
            prop_assert!(template.starts_with('/'));
            let again = name("GET", template);
            if !template.contains('…') {
                prop_assert_eq!(again, first);
            }
        }
    }
}

//! [`Endpoint`]: a method and a path template.

use std::fmt;

use http::Method;

/// A method and a path template, such as `GET /jobs/{}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    method: Method,
    template: String,
}

impl Endpoint {
    /// The endpoint of a path, which may be a template already: `/jobs/{id}` and `/jobs/7` are one endpoint.
    pub fn of(method: &Method, path: &str) -> Self {
        let template = path.split('/').map(|segment| if is_id(segment) { "{}" } else { segment });
        Self { method: method.clone(), template: template.collect::<Vec<_>>().join("/") }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.template)
    }
}

/// A parameter, or a segment with a digit or escape in it that is no version: the vendor's names have neither.
fn is_id(segment: &str) -> bool {
    let named = segment.starts_with('{') && segment.ends_with('}');
    let version = segment
        .strip_prefix('v')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
    named || (!version && segment.bytes().any(|byte| byte.is_ascii_digit() || byte == b'%'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(path: &str) -> String {
        Endpoint::of(&Method::GET, path).to_string()
    }

    #[test]
    fn ids_and_parameters_become_one_endpoint() {
        assert_eq!(template("/jobs/{id}/publication"), "GET /jobs/{}/publication");
        assert_eq!(template("/jobs/3f1b2c/publication"), "GET /jobs/{}/publication");
        assert_eq!(template("/user-api/v201804/users/me"), "GET /user-api/v201804/users/me");
        assert_eq!(template("/candidates"), "GET /candidates");
        assert_eq!(template("/v1/companies/a%20b/postings"), "GET /v1/companies/{}/postings");
    }
}

//! [`requested_scopes`]: which scopes an authorization request names, so that operations are allowed. Pure.

use std::collections::BTreeSet;

use crate::error::{Error, Result};
use crate::operations::{Access, Requirement, all, find_by_name, is_parameter};
use crate::spelling::distance;

/// How many letters of an operation's name may be wrong for another one to be suggested.
const MISSPELT: usize = 3;

/// Returns the scopes in `given` and those that the operations need besides, sorted. Fails with [`Error::Configuration`]
/// that names an entry of `for` whose scopes are not known.
pub fn requested_scopes(operations: &[String], given: &[String]) -> Result<Vec<String>> {
    let mut needed: BTreeSet<&str> = given.iter().map(String::as_str).collect();
    let mut choices: Vec<Requirement> = Vec::new();
    for (at, name) in operations.iter().enumerate() {
        for requirement in requirements(&format!("for[{at}]"), name)? {
            match requirement {
                [scope] => {
                    needed.insert(scope);
                }
                _ => choices.push(requirement),
            }
        }
    }
    // Last, since a scope that is needed anyway decides between alternatives.
    for requirement in choices {
        if !requirement.iter().any(|scope| needed.contains(scope)) {
            needed.extend(requirement.first());
        }
    }
    if needed.is_empty() {
        return Err(Error::configuration(
            "for",
            "names only operations that need no scope; leave it out, since nothing would be requested by name",
        ));
    }
    Ok(needed.into_iter().map(str::to_owned).collect())
}

/// The requirements of the operation with this name.
fn requirements(field: &str, name: &str) -> Result<&'static [Requirement]> {
    let refused = |problem: String| Err(Error::configuration(field.to_owned(), problem));
    let Some(operation) = find_by_name(field, name)? else {
        return refused(match similar(name) {
            Some(similar) => format!("is not a known operation; did you mean `{similar}`?"),
            None => "is not a known operation; leave it out, and name its scopes in `scopes`".to_owned(),
        });
    };
    let name = operation.name();
    match (operation.access(), operation.required_scopes()) {
        (Access::Public, _) => Ok(&[]),
        (Access::Partner, _) => {
            refused(format!("`{name}` takes only the API key of a partner, so no scope allows it"))
        }
        (Access::Customer | Access::Token, Some(scopes)) => Ok(scopes),
        (Access::Customer | Access::Token, None) => refused(format!(
            "the scopes of `{name}` are not documented; leave it out, and name them in `scopes`"
        )),
    }
}

/// The operation whose name is nearly the same, whatever its parameters are called.
fn similar(name: &str) -> Option<&'static str> {
    let wanted = without_parameters(name);
    all()
        .iter()
        .map(|operation| (without_parameters(operation.name()), operation.name()))
        .filter(|(known, _)| known.len().abs_diff(wanted.len()) <= MISSPELT)
        .map(|(known, name)| (distance(&known, &wanted), name))
        .min()
        .filter(|(letters, _)| *letters <= MISSPELT)
        .map(|(_, name)| name)
}

fn without_parameters(name: &str) -> String {
    let segments = name.split('/').map(|segment| if is_parameter(segment) { "{}" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requested(operations: &[&str], given: &[&str]) -> Vec<String> {
        let owned = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        requested_scopes(&owned(operations), &owned(given)).unwrap()
    }

    #[test]
    fn exactly_the_scopes_of_the_operations_are_requested() {
        assert_eq!(
            requested(&["PATCH /candidates/{id}", "GET /jobs"], &[]),
            ["candidates_manage", "jobs_read"]
        );
        assert_eq!(requested(&["GET /jobs", "GET /jobs/1"], &["jobs_read"]), ["jobs_read"]);
        assert_eq!(requested(&["GET /jobs"], &["new_scope"]), ["jobs_read", "new_scope"]);
        let decide = "POST /approvals-api/v201910/approvals/{id}/approve-decisions";
        assert_eq!(requested(&[decide], &[]), ["approvals_decide", "approvals_read"]);
        assert_eq!(requested(&["GET /v1/companies/{x}/postings", "GET /jobs"], &[]), ["jobs_read"]);
    }

    #[test]
    fn of_alternatives_the_first_is_taken_unless_another_is_needed_anyway() {
        let history = "GET /candidates/{id}/status/history";
        let me = "GET /user-api/v201804/users/me";
        assert_eq!(requested(&[me], &[]), ["user_me_read"]);
        assert_eq!(requested(&[me, "GET /user-api/v201804/users"], &[]), ["users_read"]);
        assert_eq!(requested(&["GET /user-api/v201804/users", me], &[]), ["users_read"]);
        assert_eq!(requested(&[me], &["users_read"]), ["users_read"]);
        assert_eq!(
            requested(&[history, me], &["candidate_status_read"]),
            ["candidate_status_read", "user_me_read"]
        );
    }

    #[test]
    fn what_needs_no_known_scope_is_refused_by_name() {
        for (operation, problem) in [
            ("POST /candidates/cv/parse", "the scopes of `POST /candidates/cv/parse` are not documented"),
            ("GET /packages", "`GET /packages` takes only the API key of a partner"),
            ("GET /job", "did you mean `GET /jobs`?"),
            ("PATCH /candidate/{candidateId}", "did you mean `PATCH /candidates/{id}`?"),
            ("GET /elsewhere/{id}", "name its scopes in `scopes`"),
            ("jobs_read", "such as `GET /jobs/{id}`"),
        ] {
            let error = requested_scopes(&["GET /jobs".to_owned(), operation.to_owned()], &[]).unwrap_err();
            assert!(matches!(&error, Error::Configuration { field, .. } if field == "for[1]"), "{operation}");
            assert!(error.to_string().contains(problem), "{error}");
        }
        let public = requested_scopes(&["GET /v1/companies/{x}/postings".to_owned()], &[]).unwrap_err();
        assert!(matches!(&public, Error::Configuration { field, .. } if field == "for"), "{public}");
    }
}

//! What is known about the permissions of a call: whether a token's scopes allow an operation, and why a request was
//! refused with 403. Pure.

use crate::error::Permission;
use crate::operations::{Access, Operation, Requirement, unmet};

/// The most scopes of a token that a message names. Tokens of some apps have more than 40.
const NAMED: usize = 5;
/// The most scopes of a token that an error keeps.
const KEPT: usize = 200;
/// The longest text that is taken for a scope.
const LONGEST: usize = 100;

/// The kind of a credential, which decides how it gets a permission that it lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An API key, which has no scopes.
    ApiKey,
    /// An access token of unknown scopes.
    BearerToken,
    /// Client credentials, of an app or a partner's customer. Their scopes are chosen when they are created.
    Client,
    /// A customer's permission to an app, which requests its scopes.
    Grant,
}

/// Whether the scopes of a token decide if it may call the operation, and are documented.
pub(super) fn is_decided_by_scopes(operation: &Operation) -> bool {
    matches!(operation.access(), Access::Customer | Access::Token) && operation.required_scopes().is_some()
}

/// Whether a token with these scopes may call the operation. `None` if that is not known.
pub(super) fn allows(operation: &Operation, granted: &[String]) -> Option<bool> {
    match operation.access() {
        Access::Public => Some(true),
        Access::Partner => None,
        Access::Customer | Access::Token if granted.is_empty() => None,
        Access::Customer | Access::Token => unmet(operation, granted).map(|unmet| unmet.is_empty()),
    }
}

/// Whether an API key may call the operation. `None` if its role and access group decide.
pub(super) fn allows_api_key(operation: &Operation) -> Option<bool> {
    match operation.access() {
        Access::Public => Some(true),
        Access::Token => Some(false),
        Access::Customer | Access::Partner => None,
    }
}

/// Explains a 403. `granted` are the token's scopes, which the server named, and `hidden` removes quotes of secrets.
pub(super) fn explain(
    operation: Option<&Operation>,
    kind: Kind,
    granted: &[String],
    hidden: impl Fn(&str) -> String,
) -> Permission {
    if kind == Kind::ApiKey {
        return Permission { advice: Some(of_api_key(operation)), ..Permission::default() };
    }
    let shown: Vec<_> =
        granted.iter().filter(|scope| is_scope(scope)).take(KEPT).map(|scope| hidden(scope)).collect();
    let known = (!granted.is_empty()).then_some(shown);
    let required = operation
        .filter(|operation| is_decided_by_scopes(operation))
        .and_then(|operation| Some((operation, operation.required_scopes()?)));
    let Some((operation, required)) = required else {
        return Permission { granted: known, ..Permission::default() };
    };
    let name = operation.name();
    let (missing, advice) = match (&known, unmet(operation, granted)) {
        (Some(shown), Some(unmet)) if !unmet.is_empty() => {
            let remedy = match kind {
                Kind::Grant => "to the credential and authorize again",
                Kind::ApiKey | Kind::BearerToken | Kind::Client => "to the credential in SmartRecruiters",
            };
            let scope = if unmet.len() == 1 { "the scope" } else { "the scopes" };
            let advice = format!(
                "{name} needs {}; this token has {}: add {scope} {remedy}",
                in_words(&unmet),
                some(shown)
            );
            (Some(narrowest(&unmet)), advice)
        }
        (Some(_), _) => {
            let whose = if kind == Kind::Grant { "user" } else { "credential" };
            let advice = format!(
                "this token has the scopes that {name} needs, so the role or access group of its {whose} forbids the call"
            );
            (Some(Vec::new()), advice)
        }
        (None, _) => {
            let advice = format!(
                "{name} needs {}: check that the token has it, and that the role and access group of its user allow the \
                 call",
                in_words(required)
            );
            (None, advice)
        }
    };
    Permission { required: Some(narrowest(required)), granted: known, missing, advice: Some(advice) }
}

fn of_api_key(operation: Option<&Operation>) -> String {
    match operation {
        Some(operation) if operation.access() == Access::Token => {
            format!("{} takes an OAuth token, not an API key", operation.name())
        }
        Some(operation) if operation.access() == Access::Partner => {
            format!("{} takes only the API key of a partner", operation.name())
        }
        _ => "newer API keys have a role and an access group, which may forbid the call; check them in SmartRecruiters"
            .to_owned(),
    }
}

/// Whether a text can be a scope (RFC 6749 section 3.3). Others would make an error unreadable.
fn is_scope(text: &str) -> bool {
    text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
}

fn narrowest(requirements: &[Requirement]) -> Vec<String> {
    requirements
        .iter()
        .filter_map(|alternatives| alternatives.first())
        .map(|&scope| scope.to_owned())
        .collect()
}

/// The requirements in words: `a and b`, or `a or b` for alternatives.
fn in_words(requirements: &[Requirement]) -> String {
    requirements.iter().map(|alternatives| alternatives.join(" or ")).collect::<Vec<_>>().join(" and ")
}

/// Some scopes of a token, and how many others it has.
fn some(scopes: &[String]) -> String {
    match scopes {
        [] => "others".to_owned(),
        _ if scopes.len() <= NAMED => scopes.join(", "),
        _ => format!("{} others", scopes.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::find;

    fn explained(name: &str, kind: Kind, granted: &[&str]) -> Permission {
        let (method, path) = name.split_once(' ').unwrap();
        explain(find(method, path), kind, &owned(granted), |scope| scope.replace("canary", "[redacted]"))
    }

    fn owned(scopes: &[&str]) -> Vec<String> {
        scopes.iter().map(|&scope| scope.to_owned()).collect()
    }

    #[test]
    fn a_missing_scope_is_named_with_what_to_do() {
        let of_grant = explained("PATCH /candidates/1", Kind::Grant, &["candidates_read"]);
        assert_eq!(of_grant.required, Some(owned(&["candidates_manage"])));
        assert_eq!(of_grant.granted, Some(owned(&["candidates_read"])));
        assert_eq!(of_grant.missing, Some(owned(&["candidates_manage"])));
        assert_eq!(
            of_grant.advice.unwrap(),
            "PATCH /candidates/{id} needs candidates_manage; this token has candidates_read: add the scope to the \
             credential and authorize again"
        );
        let of_client = explained("PATCH /candidates/1", Kind::Client, &["candidates_read"]);
        assert!(of_client.advice.unwrap().ends_with("add the scope to the credential in SmartRecruiters"));
    }

    #[test]
    fn alternatives_are_all_named_and_the_narrowest_is_required() {
        let subscriptions = "GET /webhooks-api/v201907/subscriptions";
        let refused = explained(subscriptions, Kind::Grant, &["jobs_read"]);
        assert_eq!(
            (refused.required, refused.missing),
            (Some(owned(&["webhooks_read"])), Some(owned(&["webhooks_read"])))
        );
        assert!(
            refused
                .advice
                .unwrap()
                .contains("needs webhooks_read or webhooks_manage; this token has jobs_read")
        );
        let wider = explained(subscriptions, Kind::Grant, &["webhooks_manage"]);
        assert_eq!((wider.required, wider.missing), (Some(owned(&["webhooks_read"])), Some(owned(&[]))));
    }

    #[test]
    fn of_several_requirements_only_those_that_are_not_met_are_named() {
        let decide = "POST /approvals-api/v201910/approvals/7/approve-decisions";
        let half = explained(decide, Kind::Grant, &["approvals_read"]);
        assert_eq!(half.required, Some(owned(&["approvals_read", "approvals_decide"])));
        assert_eq!(half.missing, Some(owned(&["approvals_decide"])));
        assert!(
            half.advice
                .unwrap()
                .contains("needs approvals_decide; this token has approvals_read: add the scope to")
        );
        let neither = explained(decide, Kind::Grant, &["jobs_read"]).advice.unwrap();
        assert!(neither.contains("needs approvals_read and approvals_decide;"), "{neither}");
        assert!(neither.contains("add the scopes to"), "{neither}");
    }

    #[test]
    fn with_the_scopes_the_role_or_access_group_is_named() {
        let granted = explained("GET /jobs", Kind::Grant, &["jobs_read"]);
        assert_eq!(granted.missing, Some(owned(&[])));
        assert!(granted.advice.unwrap().contains("the role or access group of its user forbids the call"));
        let key = explained("GET /jobs", Kind::ApiKey, &[]);
        assert!(key.advice.unwrap().contains("a role and an access group, which may forbid the call"));
        assert_eq!((key.required, key.granted, key.missing), (None, None, None));
        let token_only = explained("PUT /assessment-api/v202010/partner/configuration", Kind::ApiKey, &[]);
        assert!(token_only.advice.unwrap().contains("takes an OAuth token"));
    }

    #[test]
    fn nothing_is_guessed() {
        let bearer = explained("GET /jobs/1", Kind::BearerToken, &[]);
        assert_eq!(
            (bearer.required, bearer.granted, bearer.missing),
            (Some(owned(&["jobs_read"])), None, None)
        );
        assert!(
            bearer.advice.unwrap().starts_with("GET /jobs/{id} needs jobs_read: check that the token has it")
        );
        for name in [
            "POST /candidates/cv/parse",
            "GET /elsewhere",
            "GET /v1/companies/acme/postings",
            "GET /packages",
        ] {
            let unknown = explained(name, Kind::Grant, &["jobs_read"]);
            assert_eq!((unknown.required, unknown.missing, unknown.advice), (None, None, None), "{name}");
        }
    }

    #[test]
    fn the_servers_scopes_are_cleaned_and_a_message_stays_short() {
        let many: Vec<_> = (0..300).map(|number| format!("scope_{number}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        let refused = explained("GET /jobs", Kind::Grant, &many);
        assert_eq!(refused.granted.unwrap().len(), KEPT);
        let advice = refused.advice.unwrap();
        assert!(advice.contains("needs jobs_read") && advice.len() < 200, "{advice}");
        let long = "x".repeat(101);
        let strange = explained("GET /jobs", Kind::Grant, &["a\nb", "canary", &long, "\"quoted\""]);
        assert_eq!(strange.granted, Some(owned(&["[redacted]"])));
        assert!(strange.advice.unwrap().contains("this token has [redacted]"));
        // The scopes count even if none of them can be shown.
        let hidden = explained("GET /jobs", Kind::Grant, &["a\nb"]);
        assert_eq!((hidden.granted, hidden.missing), (Some(owned(&[])), Some(owned(&["jobs_read"]))));
    }

    #[test]
    fn whether_scopes_allow_an_operation_is_true_false_or_unknown() {
        let allowed = |name: &str, granted: &[&str]| {
            let (method, path) = name.split_once(' ').unwrap();
            allows(find(method, path).unwrap(), &owned(granted))
        };
        assert_eq!(allowed("GET /jobs/{x}", &["jobs_read"]), Some(true));
        assert_eq!(allowed("GET /jobs/1", &["jobs_manage"]), Some(false));
        assert_eq!(allowed("GET /jobs/1", &[]), None);
        assert_eq!(allowed("POST /candidates/cv/parse", &["jobs_read"]), None);
        assert_eq!(allowed("GET /v1/companies/acme/postings", &[]), Some(true));
        assert_eq!(allowed("GET /packages", &["packages_view"]), None);
        let of_key = |name: &str| {
            let (method, path) = name.split_once(' ').unwrap();
            allows_api_key(find(method, path).unwrap())
        };
        assert_eq!(of_key("GET /jobs"), None);
        assert_eq!(of_key("GET /v1/companies/acme/postings"), Some(true));
        assert_eq!(of_key("GET /assessment-api/v202010/partner/configuration"), Some(false));
    }
}

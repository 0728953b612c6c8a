//! What follows an answer. Pure.

use http::StatusCode;

/// What is known when a credential that can be renewed has got an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    /// Whether this call has had its token renewed already.
    pub(super) reauthorized: bool,
    /// Whether the API is known to deny this endpoint to this token.
    pub(super) denied: bool,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Hand the answer up.
    Return,
    /// Hand it up, and remember that this endpoint is denied: a new token changed nothing.
    ReturnDenied,
    /// Get another token and send the request again.
    Reauthorize,
}

/// A 401 does not prove that the token is dead: the vendor answers it to some permission denials too. One renewal
/// and one repeat tell the two apart.
pub(super) fn decide(status: StatusCode, attempt: Attempt) -> Decision {
    if status != StatusCode::UNAUTHORIZED || attempt.denied {
        Decision::Return
    } else if attempt.reauthorized {
        Decision::ReturnDenied
    } else {
        Decision::Reauthorize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_first_401_is_worth_another_token() {
        let table = [
            (200, false, false, Decision::Return),
            (403, false, false, Decision::Return),
            (500, false, false, Decision::Return),
            (401, false, false, Decision::Reauthorize),
            (401, true, false, Decision::ReturnDenied),
            (401, false, true, Decision::Return),
            (401, true, true, Decision::Return),
        ];
        for (status, reauthorized, denied, decision) in table {
            let attempt = Attempt { reauthorized, denied };
            assert_eq!(
                decide(StatusCode::from_u16(status).unwrap(), attempt),
                decision,
                "{status} {attempt:?}"
            );
        }
    }
}

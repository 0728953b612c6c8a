//! The answers of a token endpoint, and those that issue a customer's credentials: an input is such an answer as it was
//! received.

use std::ops::ControlFlow;
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::Value as Json;
use smartrecruiters::clock::{Clock as _, Moment, SystemClock};
use smartrecruiters::credential::ClientAuthentication;
use smartrecruiters::error::Error;
use smartrecruiters::http::{Answer, Value, members};
use smartrecruiters::oauth::{is_worth_keeping, read_client, read_tokens};
use smartrecruiters::secret::Secret;
use smartrecruiters::token::{RefreshToken, TokenSet};

const PRESENTED: &str = "presented-refresh-token";
const LONGEST_STORED: usize = 1024 * 1024;

/// When the exchange was sent.
static SENT: LazyLock<Moment> = LazyLock::new(|| SystemClock.now());
static PRESENTED_TOKEN: LazyLock<RefreshToken> = LazyLock::new(|| RefreshToken(Secret::new(PRESENTED)));

pub(crate) fn check(input: &[u8]) {
    let answer = Answer::from_bytes(input.to_vec());
    assert!(answer.as_bytes().len() <= LONGEST_STORED);
    if input.len() <= LONGEST_STORED {
        assert_eq!(answer.as_bytes(), input, "an answer is kept byte for byte");
    }
    let read = read_tokens(&answer, *SENT, Some(&PRESENTED_TOKEN));
    if let Some((refresh, access)) = tokens_of_json(&answer) {
        let read = read.as_ref().expect("tokens in valid JSON are read");
        assert_eq!(read.refresh, Some(RefreshToken(Secret::new(refresh))));
        assert!(read.access.as_ref().is_some_and(|token| token.value == Secret::new(access)));
    }
    match read {
        Ok(tokens) => check_tokens(&tokens),
        Err(mut error) => {
            check_kept(&answer);
            if is_quoted_in(&error) {
                let answer = Answer::from_bytes(input.to_vec()).hiding([PRESENTED]);
                error =
                    read_tokens(&answer, *SENT, Some(&PRESENTED_TOKEN)).expect_err("it was refused before");
                assert!(!is_quoted_in(&error), "{error:?}");
            }
            check_error(&error);
        }
    }
    if input.windows(6).any(|part| part.eq_ignore_ascii_case(b"client")) {
        match read_client(&answer, ClientAuthentication::Body) {
            Ok(client) => assert!(!format!("{client:?}").contains("canary-client-secret")),
            Err(_) => check_kept(&answer),
        }
    }
}

/// Both tokens of a success whose body is valid JSON, by a parser that knows nothing of broken answers.
fn tokens_of_json(answer: &Answer) -> Option<(String, String)> {
    if !answer.is_success() {
        return None;
    }
    let text = answer.text();
    let json = serde_json::from_slice::<Json>(&text).ok()?;
    let token = |name: &str| {
        let token = json.get(name)?.as_str()?;
        let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        // Another spelling of the name would be read as well.
        let mut spellings = 0;
        members(&text, &mut |member| spellings += usize::from(member.name == name.replace('_', "")));
        (is_token && spellings == 1).then(|| token.to_owned())
    };
    let (refresh, access) = (token("refresh_token")?, token("access_token")?);
    (refresh != PRESENTED).then_some((refresh, access))
}

fn check_tokens(tokens: &TokenSet) {
    assert!(tokens.access.is_some() || tokens.refresh.is_some(), "a success has a token");
    if let Some(access) = &tokens.access {
        assert!(is_sendable(&access.value));
        assert!((1..=24 * 3600).contains(&access.lifetime.as_secs()));
        assert!(access.scopes.iter().all(|scope| scope.bytes().all(|byte| byte.is_ascii_graphic())));
    }
    assert!(tokens.refresh.as_ref().is_none_or(|refresh| is_sendable(&refresh.0)));
    // Tokens print nothing of themselves. Scopes are no secret, even if a broken answer has a token in their place.
    let mut tokens = tokens.clone();
    tokens.access.iter_mut().for_each(|access| access.scopes.clear());
    assert!(!format!("{tokens:?}").contains("canary"));
}

fn is_sendable(token: &Secret) -> bool {
    let text = token.expose();
    (1..=64 * 1024).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A success that was not read is kept, unless it names an error.
fn check_kept(answer: &Answer) {
    if answer.as_bytes().is_empty() || !(answer.is_success() || answer.status().is_none()) {
        return;
    }
    let mut has_error = false;
    answer.texts(&mut |text| {
        members(text, &mut |member| {
            has_error |=
                member.name == "error" && matches!(&member.value, Value::Text(text) if !text.is_empty());
        });
        ControlFlow::Continue(())
    });
    assert!(has_error || is_worth_keeping(answer, Some(&PRESENTED_TOKEN)), "what was not read is kept");
}

fn is_quoted_in(error: &Error) -> bool {
    format!("{error} {error:?}").to_ascii_lowercase().contains(PRESENTED)
}

fn check_error(error: &Error) {
    let (Error::TokenRefused { answer, .. }
    | Error::TokenUnavailable { answer, .. }
    | Error::TokenInvalid { answer, .. }) = error
    else {
        panic!("{error:?} is not about a token");
    };
    let texts = [&answer.description, &answer.request_id];
    for text in texts.into_iter().flatten() {
        assert!(!text.is_empty() && text.chars().count() <= 300, "{text}");
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    assert!(answer.retry_after.is_none_or(|pause| pause <= Duration::from_secs(3600)));
}

//! Reads a token endpoint's answer. Pure.
//!
//! An answer that issues a one-time token cannot be requested again. Only the members that matter are therefore
//! searched for, and no other fault in the answer, around it or at its end prevents that. A damaged token is refused:
//! [`is_worth_keeping`](super::is_worth_keeping) then says that the answer must be stored, to be read again later.

use std::ops::ControlFlow;

use zeroize::Zeroizing;

use super::keeping::contains;
use super::refusal::refusal;
use crate::clock::Moment;
use crate::error::Result;
use crate::http::{Answer, Member, Shape, Value, members, scattered};
use crate::secret::Secret;
use crate::spelling::distance;
use crate::token::{AccessToken, RefreshToken, TokenSet, lifetime};

/// The longest token, in bytes. No request could carry a longer one, so it must be damaged.
const LONGEST_TOKEN: usize = 64 * 1024;
/// The most letters by which a misspelling of `refreshtoken` differs from it.
const MISSPELT: usize = 3;
/// Reads the tokens from `answer`. `sent` is when the exchange began, from which the lifetimes count. `presented` is
/// the refresh token that was sent, if one was.
///
/// If there are several tokens of a kind, the order of preference is: a usable one, one that was not presented, the one
/// in the fewest enclosing objects, the one in the first object, and the last one of an object, as in JSON parsers. If
/// both tokens are present, any status is accepted; if only one is, the status must be 2xx. The token type is ignored,
/// since the API takes bearer tokens.
///
/// # Errors
/// `TokenRefused`, `TokenUnavailable` or `TokenInvalid`, with the server's words as far as they quote nothing that was
/// sent ([`Answer::hiding`]).
pub fn read_tokens(answer: &Answer, sent: Moment, presented: Option<&RefreshToken>) -> Result<TokenSet> {
    let Reading { refresh, access, lifetime, hides_refresh } = Reading::of(answer, presented);
    let is_success = answer.status().is_none_or(|status| (200..300).contains(&status));
    let is_new = refresh.value.as_ref().is_some_and(|token| !token.is_presented);
    let problem = if !is_new && access.value.is_none() {
        Some(access.problem("access_token"))
    } else if !(is_success || (is_new && access.value.is_some())) {
        // An error may quote a token, so a single token in an unsuccessful answer is not a result.
        Some("its status is not that of a success")
    } else if refresh.value.is_none() && refresh.is_damaged {
        Some(refresh.problem("refresh_token"))
    } else if refresh.value.is_none() && hides_refresh && presented.is_some() {
        Some("it is cut off or damaged, and may have held a refresh token")
    } else {
        None
    };
    if let Some(problem) = problem {
        return Err(refusal(answer, sent, problem));
    }
    Ok(TokenSet {
        access: access.value.map(|token| lifetime.token(token.secret, sent)),
        issued: sent,
        refresh: refresh.value.map(|token| RefreshToken(token.secret)),
    })
}

/// A candidate for a token, ranked by the rules of [`read_tokens`].
#[derive(Debug)]
struct Token {
    secret: Secret,
    is_presented: bool,
    depth: usize,
    object: usize,
}

/// What was found under one member name.
#[derive(Debug, Default)]
struct Found {
    value: Option<Token>,
    /// Whether a value was found that is not a token.
    is_damaged: bool,
}

impl Found {
    fn take(&mut self, member: &Member<'_>, presented: Option<&RefreshToken>, takes_digits: bool) {
        let text = match &member.value {
            Value::Text(text) => text,
            // The digits are kept as text, since a number would lose some of them.
            Value::Bare(word)
                if takes_digits && !member.in_array && word.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                word
            }
            Value::Bare(word) if matches!(word.as_str(), "null" | "false" | "undefined" | "None") => return,
            _ => {
                self.is_damaged = true;
                return;
            }
        };
        if text.is_empty() {
            return;
        }
        // RFC 6749 appendix A.12 and A.17, without blanks, which a request could not carry.
        if text.len() > LONGEST_TOKEN || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.is_damaged = true;
            return;
        }
        let secret = Secret::new(text.as_str());
        let is_presented = presented.is_some_and(|presented| presented.0 == secret);
        let token = Token { secret, is_presented, depth: member.depth, object: member.object };
        let wins = self.value.as_ref().is_none_or(|held| {
            let (old, new) = ((held.is_presented, held.depth), (token.is_presented, token.depth));
            new < old || (new == old && token.object == held.object)
        });
        if wins {
            self.value = Some(token);
        }
    }

    fn problem(&self, name: &'static str) -> &'static str {
        match (self.is_damaged, name) {
            (true, "refresh_token") => {
                "its refresh_token is damaged: it is cut off, or holds characters that no token may (RFC 6749 appendix A.17)"
            }
            (true, _) => {
                "its access_token is damaged, or holds characters that no token may (RFC 6750 section 2.1)"
            }
            (false, _) => "it has no access_token",
        }
    }
}

/// The properties of an access token.
#[derive(Debug, Default)]
struct Lifetime {
    expires_in: Option<(usize, String)>,
    scopes: Option<(usize, usize, Vec<String>)>,
}

impl Lifetime {
    fn take_expiry(&mut self, member: &Member<'_>) {
        let (Value::Text(text) | Value::Bare(text)) = &member.value else { return };
        if self.expires_in.as_ref().is_none_or(|(depth, _)| member.depth <= *depth) {
            self.expires_in = Some((member.depth, text.to_string()));
        }
    }

    /// Reads scopes from a string (RFC 6749 section 3.3) or an array.
    fn take_scopes(&mut self, member: &Member<'_>) {
        let Value::Text(text) = &member.value else { return };
        let is_scope = |scope: &&str| scope.bytes().all(|byte| byte.is_ascii_graphic());
        let named = text.split_ascii_whitespace().filter(is_scope).map(str::to_owned);
        match &mut self.scopes {
            Some((depth, object, scopes))
                if member.in_array && (*depth, *object) == (member.depth, member.object) =>
            {
                scopes.extend(named);
            }
            Some((depth, object, _))
                if *depth < member.depth || (*depth == member.depth && *object != member.object) => {}
            scopes => *scopes = Some((member.depth, member.object, named.collect())),
        }
    }

    fn token(self, value: Secret, issued: Moment) -> AccessToken {
        let expires_in = self.expires_in.as_ref().map(|(_, text)| text.as_str());
        let scopes = self.scopes.map(|(.., scopes)| scopes).unwrap_or_default();
        AccessToken { value, scopes, issued, lifetime: lifetime(expires_in) }
    }
}

/// The tokens in one reading of an answer.
#[derive(Debug, Default)]
struct Reading {
    refresh: Found,
    access: Found,
    lifetime: Lifetime,
    /// Whether it may hold a refresh token that was not found.
    hides_refresh: bool,
}

impl Reading {
    /// The best of all readings of the answer.
    fn of(answer: &Answer, presented: Option<&RefreshToken>) -> Self {
        let mut best = Self::default();
        let mut best_score = None;
        let is_ended = answer.is_framed();
        answer.texts(&mut |text| {
            let (reading, shape) = Self::of_text(text, presented, is_ended);
            let score = reading.score();
            // A reading without any fault is the intended one.
            let is_final = score >= Self::BEST || (!shape.odd && reading.access.value.is_some());
            if best_score.is_none_or(|best| score > best) {
                let hides_refresh = best.hides_refresh || reading.hides_refresh;
                let is_damaged = best.refresh.is_damaged;
                best = reading;
                best.hides_refresh = hides_refresh;
                best.refresh.is_damaged |= is_damaged;
                best_score = Some(score);
            }
            if is_final { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        best
    }

    const BEST: u8 = 6;

    fn score(&self) -> u8 {
        let refresh = self.refresh.value.as_ref().map_or(0, |token| if token.is_presented { 1 } else { 4 });
        refresh + if self.access.value.is_some() { 2 } else { 0 }
    }

    fn of_text(text: &[u8], presented: Option<&RefreshToken>, is_ended: bool) -> (Self, Shape) {
        let mut reading = Self::default();
        let mut has_misspelt = false;
        let shape = members(text, &mut |member| {
            let is_text = matches!(&member.value, Value::Text(text) if !text.is_empty());
            has_misspelt |= is_text && member.name != "refreshtoken" && is_misspelt(member.name);
            reading.take(&member, presented);
        });
        if shape.odd && reading.score() < Self::BEST {
            let is_wanted =
                |name: &str| matches!(name, "refreshtoken" | "accesstoken" | "expiresin" | "scope");
            let (refresh, access) = (reading.refresh.value.is_none(), reading.access.value.is_none());
            scattered(text, &is_wanted, &mut |member| match member.name {
                "refreshtoken" if refresh => reading.refresh.take(&member, presented, true),
                "accesstoken" if access => reading.access.take(&member, None, false),
                "expiresin" if access => reading.lifetime.take_expiry(&member),
                "scope" if access => reading.lifetime.take_scopes(&member),
                _ => {}
            });
        }
        let is_form = !shape.opened && reading.take_form(text, presented, is_ended);
        // Compressed data that could not be decoded may look like JSON in places.
        let is_binary = text.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace());
        let is_odd = if is_form { contains(text, "refresh") } else { shape.odd };
        reading.hides_refresh = has_misspelt || is_binary || is_odd;
        (reading, shape)
    }

    fn take(&mut self, member: &Member<'_>, presented: Option<&RefreshToken>) {
        match member.name {
            "refreshtoken" => self.refresh.take(member, presented, true),
            "accesstoken" => self.access.take(member, None, false),
            "expiresin" => self.lifetime.take_expiry(member),
            "scope" | "scopes" => self.lifetime.take_scopes(member),
            _ => {}
        }
    }

    /// Reads `access_token=…&refresh_token=…`, as some servers answer. The last value may be cut off unless the answer
    /// is known to be complete. Returns whether the text has this form.
    fn take_form(&mut self, text: &[u8], presented: Option<&RefreshToken>, is_ended: bool) -> bool {
        let before = self.score();
        let text = text.trim_ascii();
        let mut pairs = url::form_urlencoded::parse(text).peekable();
        while let Some((name, value)) = pairs.next() {
            let is_whole = is_ended || pairs.peek().is_some();
            let value =
                if is_whole { Value::Text(Zeroizing::new(value.into_owned())) } else { Value::Damaged };
            let name =
                name.replace(|character: char| !character.is_ascii_alphanumeric(), "").to_ascii_lowercase();
            self.take(&Member { name: &name, value, depth: 1, object: 1, in_array: false }, presented);
        }
        self.score() > before
    }
}

/// Whether `name` differs from `refreshtoken` by a few letters only.
fn is_misspelt(name: &str) -> bool {
    const NAME: &str = "refreshtoken";
    name.len().abs_diff(NAME.len()) <= MISSPELT && distance(name, NAME) <= MISSPELT
}

#[cfg(test)]
mod tests;

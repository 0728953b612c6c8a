//! Reads the answer that issues a customer's client id and secret. Pure.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use http::StatusCode;
use zeroize::Zeroizing;

use crate::credential::{ClientAuthentication, OAuthClient};
use crate::error::{Error, Result};
use crate::http::{Answer, Member, Value, members, read_answered_error, scattered};

/// Reads `clientId` and `clientSecret` (vendor: General Partner Integration), or `client_id` and `client_secret`. The
/// answer cannot be requested again, so no other fault in it prevents that.
///
/// # Errors
/// `Api` if the answer is unsuccessful and holds no credentials; `InvalidResponse` if it is a success that holds none.
/// [`is_worth_keeping`](super::is_worth_keeping) says whether it must be kept then.
pub fn read_client(answer: &Answer, authentication: ClientAuthentication) -> Result<OAuthClient> {
    let mut client = None;
    answer.texts(&mut |text| {
        client = found(text, authentication);
        if client.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if let Some(client) = client {
        return Ok(client);
    }
    match answer.status().and_then(|status| StatusCode::from_u16(status).ok()) {
        Some(status) if !status.is_success() => {
            Err(Error::Api(Box::new(read_answered_error(status, answer))))
        }
        // The field's own message is left out, since it may quote what was read.
        _ => Err(Error::InvalidResponse { problem: "it holds no usable clientId and clientSecret".into() }),
    }
}

/// The id and secret in the first object that has both.
fn found(text: &[u8], authentication: ClientAuthentication) -> Option<OAuthClient> {
    let is_wanted = |name: &str| matches!(name, "clientid" | "clientsecret");
    let mut pairs = BTreeMap::<usize, Pair>::new();
    let mut take = |member: Member<'_>| {
        if is_wanted(member.name) {
            pairs.entry(member.object).or_default().take(member.name, &member.value);
        }
    };
    if members(text, &mut take).odd {
        scattered(text, &is_wanted, &mut take);
    }
    pairs.values().find_map(|pair| pair.client(authentication))
}

#[derive(Default)]
struct Pair {
    id: Option<Zeroizing<String>>,
    secret: Option<Zeroizing<String>>,
}

impl Pair {
    fn take(&mut self, name: &str, value: &Value) {
        let text = match value {
            Value::Text(text) => text,
            // The digits are kept as text, since a number would lose some of them.
            Value::Bare(word) if word.bytes().all(|byte| byte.is_ascii_digit()) => word,
            _ => return,
        };
        let is_usable = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        match name {
            "clientid" if is_usable => self.id = Some(text.clone()),
            "clientsecret" if is_usable => self.secret = Some(text.clone()),
            _ => {}
        }
    }

    fn client(&self, authentication: ClientAuthentication) -> Option<OAuthClient> {
        let (id, secret) = (self.id.as_ref()?, self.secret.as_ref()?);
        OAuthClient::new(id.to_string(), secret.to_string(), authentication).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    fn read(status: u16, body: &str) -> Result<OAuthClient> {
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n\r\n{body}");
        read_client(&Answer::from_bytes(answer.into_bytes()), ClientAuthentication::Body)
    }

    #[test]
    fn credentials_are_read_whatever_stands_around_them() {
        for body in [
            r#"{"clientId":"i","clientSecret":"s"}"#,
            r#"{"client_secret":"s","client_id":"i","x":NaN}"#,
            r#"{"data":[{"clientId":"i","company":{"id":7},"clientSecret":"s"}]}"#,
            r#"{"clientId":"i","clientSecret":"s""#,
            r#"{"name":"x"y","clientId":"i","clientSecret":"s"}"#,
            r#")]}'{"clientId":"i","clientSecret":"s"} <!-- -->"#,
        ] {
            for status in [200, 201, 500] {
                let client = read(status, body).unwrap_or_else(|error| panic!("{body}: {error:?}"));
                assert_eq!((client.id.as_str(), client.secret.expose()), ("i", "s"), "{body}");
            }
        }
        assert_eq!(
            read(201, r#"{"clientId":12345678901234567890,"clientSecret":"s"}"#).unwrap().id,
            "12345678901234567890"
        );
    }

    #[test]
    fn damaged_credentials_are_refused_and_errors_are_the_apis() {
        for body in
            [r#"{"clientId":"i","clientSecret":"s"#, r#"{"clientId":"i","clientSecret":"s s"}"#, "{}", ""]
        {
            assert_eq!(read(201, body).unwrap_err().code(), ErrorCode::InvalidResponse, "{body}");
        }
        let Err(Error::Api(api)) = read(409, r#"{"message":"already integrated"}"#) else { panic!() };
        assert_eq!((api.status, api.message.as_str()), (409, "already integrated"));
    }
}

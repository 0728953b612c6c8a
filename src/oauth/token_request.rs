//! [`TokenRequest`]: the form fields of each grant type. Pure.

use crate::secret::Secret;
use crate::token::RefreshToken;

/// A token exchange, by grant type.
#[derive(Debug, Clone, Copy)]
pub enum TokenRequest<'a> {
    /// Client credentials (RFC 6749 section 4.4). There is no `scope`, since the vendor fixes scopes when the
    /// credential is created.
    ClientCredentials,
    /// An authorization code (RFC 6749 section 4.1.3).
    AuthorizationCode {
        /// The code of the callback.
        code: &'a Secret,
        /// The redirect URI of the authorization request, if it is to be sent.
        redirect_uri: Option<&'a str>,
        /// The code verifier of RFC 7636, if PKCE is used.
        code_verifier: Option<&'a Secret>,
    },
    /// A refresh token (RFC 6749 section 6).
    RefreshToken(&'a RefreshToken),
}

/// The value of a form field.
#[derive(Debug, Clone, Copy)]
pub enum Field<'a> {
    /// A value that may be shown.
    Plain(&'a str),
    /// A value that must not be shown.
    Secret(&'a Secret),
}

impl<'a> TokenRequest<'a> {
    /// The refresh token that is presented, if there is one.
    pub fn refresh_token(self) -> Option<&'a RefreshToken> {
        if let Self::RefreshToken(token) = self { Some(token) } else { None }
    }

    /// The fields of the form, without client authentication.
    pub fn fields(self) -> Vec<(&'static str, Field<'a>)> {
        match self {
            Self::ClientCredentials => vec![("grant_type", Field::Plain("client_credentials"))],
            Self::AuthorizationCode { code, redirect_uri, code_verifier } => {
                let mut fields =
                    vec![("grant_type", Field::Plain("authorization_code")), ("code", Field::Secret(code))];
                fields.extend(redirect_uri.map(|uri| ("redirect_uri", Field::Plain(uri))));
                fields.extend(code_verifier.map(|verifier| ("code_verifier", Field::Secret(verifier))));
                fields
            }
            Self::RefreshToken(token) => {
                vec![
                    ("grant_type", Field::Plain("refresh_token")),
                    ("refresh_token", Field::Secret(&token.0)),
                ]
            }
        }
    }
}

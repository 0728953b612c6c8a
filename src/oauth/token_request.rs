//! The three grant types as form fields. Pure.

use crate::secret::Secret;
use crate::token::RefreshToken;

/// A token exchange, by grant type.
#[derive(Debug, Clone, Copy)]
pub enum TokenRequest<'a> {
    /// RFC 6749 section 4.4. No `scope`: the vendor fixes scopes when the credential is made.
    ClientCredentials,
    /// RFC 6749 section 4.1.3.
    AuthorizationCode {
        /// The code of the callback.
        code: &'a Secret,
        /// The redirect URI of the authorization request, where it is to be sent.
        redirect_uri: Option<&'a str>,
        /// The code verifier of RFC 7636, where PKCE is on.
        code_verifier: Option<&'a Secret>,
    },
    /// RFC 6749 section 6.
    RefreshToken(&'a RefreshToken),
}

/// A form field's value, which may be one not to be printed.
#[derive(Debug, Clone, Copy)]
pub enum Field<'a> {
    /// A value that may be seen.
    Plain(&'a str),
    /// A value that may not.
    Secret(&'a Secret),
}

impl<'a> TokenRequest<'a> {
    /// The refresh token that is presented, if one is.
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

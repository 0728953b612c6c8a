//! The hosts of the vendor's environments.

use url::Url;

use super::target::BaseUrl;
use crate::error::Result;

/// The path of the token endpoint below an API's root (vendor: OAuth 2.0 client credentials).
const TOKEN_PATH: &str = "/identity/oauth/token";
/// The path of the authorization endpoint below the root of its host (vendor: OAuth 2.0 authorization code).
const AUTHORIZE_PATH: &str = "/identity/oauth/allow";

/// One of the vendor's environments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// `api.smartrecruiters.com`.
    Production,
    /// `api.sandbox.smartrecruiters.com`.
    Sandbox,
}

impl Environment {
    /// The root URL of the environment's API.
    pub fn base_url(self) -> Result<BaseUrl> {
        BaseUrl::parse(
            "environment",
            match self {
                Self::Production => "https://api.smartrecruiters.com",
                Self::Sandbox => "https://api.sandbox.smartrecruiters.com",
            },
        )
    }

    /// The authorization endpoint of the environment. `None` for the sandbox, which documents none.
    pub fn authorize_url(self) -> Result<Option<Url>> {
        match self {
            Self::Production => {
                let site = BaseUrl::parse("environment", "https://www.smartrecruiters.com")?;
                Ok(Some(authorize_url(&site)))
            }
            Self::Sandbox => Ok(None),
        }
    }
}

/// The token endpoint of the API at `base`, unless another is configured.
pub fn token_url(base: &BaseUrl) -> Url {
    base.join(TOKEN_PATH)
}

/// The authorization endpoint at `base`, unless another is configured.
pub fn authorize_url(base: &BaseUrl) -> Url {
    base.join(AUTHORIZE_PATH)
}

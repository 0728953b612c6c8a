//! The vendor's hosts.

use url::Url;

use super::target::BaseUrl;
use crate::error::Result;

/// Where the token endpoint lies below an API's root (vendor: OAuth 2.0 client credentials).
const TOKEN_PATH: &str = "/identity/oauth/token";
/// Where users authorize, below the root of the host that they are sent to (vendor: OAuth 2.0 authorization code).
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
    /// The root of its API.
    pub fn base_url(self) -> Result<BaseUrl> {
        BaseUrl::parse(
            "environment",
            match self {
                Self::Production => "https://api.smartrecruiters.com",
                Self::Sandbox => "https://api.sandbox.smartrecruiters.com",
            },
        )
    }

    /// Where its users authorize. None is documented for the sandbox.
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

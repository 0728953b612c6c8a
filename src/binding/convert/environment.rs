//! [`NativeEnvironment`]: which of the vendor's environments to use.

use napi_derive::napi;

use crate::http::Environment;

/// One of the vendor's environments.
#[napi(string_enum = "lowercase")]
pub enum NativeEnvironment {
    /// The API at `api.smartrecruiters.com`.
    Production,
    /// The API at `api.sandbox.smartrecruiters.com`.
    Sandbox,
}

impl From<NativeEnvironment> for Environment {
    fn from(environment: NativeEnvironment) -> Self {
        match environment {
            NativeEnvironment::Production => Self::Production,
            NativeEnvironment::Sandbox => Self::Sandbox,
        }
    }
}

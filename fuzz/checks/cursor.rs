//! The cursors of lists. An input is a cursor as text, or what a cursor encodes if it begins with a brace.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use smartrecruiters::client::{Client, ClientOptions, Credential, Pages, PagesOptions};
use smartrecruiters::clock::SystemClock;
use smartrecruiters::credential::ApiKey;
use smartrecruiters::error::{Error, Result};

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let key = ApiKey::new("canary-key".to_owned()).expect("it is a key");
    let options = ClientOptions { limits: None, ..ClientOptions::default() };
    Client::new(&Credential::ApiKey(key), None, options, Arc::new(SystemClock))
        .expect("the options are right")
});

fn pages(cursor: &str) -> Result<Pages> {
    let options = PagesOptions {
        path: "/jobs".to_owned(),
        timeout: Duration::from_secs(1),
        from: Some(cursor.to_owned()),
        ..PagesOptions::default()
    };
    Pages::new(CLIENT.clone(), options)
}

pub(crate) fn check(input: &[u8]) {
    let cursor = if input.first() == Some(&b'{') {
        Cow::Owned(URL_SAFE_NO_PAD.encode(input))
    } else {
        String::from_utf8_lossy(input)
    };
    match pages(&cursor) {
        Ok(read) => {
            // Read and written again, a cursor is the same place.
            let position = read.position();
            let written = position.cursor(0);
            let again = pages(&written).expect("what was written is read");
            assert_eq!(again.position().cursor(0), written);
            assert_eq!(again.is_at_end(), read.is_at_end());
            assert_eq!(again.position().progress(0), position.progress(0));
            let progress = position.progress(u64::MAX);
            assert!(
                progress.done == u64::MAX && progress.rate == 0.0 && progress.eta.is_none(),
                "{progress:?}"
            );
        }
        Err(Error::Configuration { field, problem }) => {
            assert_eq!(field, "from");
            assert!(problem.starts_with("is "), "{problem}");
            assert!(!problem.contains("canary"), "{problem}");
        }
        Err(other) => panic!("{other:?} is not about the cursor"),
    }
}

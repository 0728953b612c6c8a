//! The requests that deliver events. An input is a request: lines of headers, an empty line, and the body.

use std::sync::{Arc, LazyLock};

use smartrecruiters::clock::{Clock as _, SystemClock};
use smartrecruiters::error::{Error, WebhookRefusal};
use smartrecruiters::secret::Secret;
use smartrecruiters::store::MemoryStore;
use smartrecruiters::webhook::{CallbackAuthentication, Delivery, Inbox, InboxOptions, Tolerance, event};

const SIGNING_KEY: &str = "canary-signing-key";

static INBOX: LazyLock<Inbox> = LazyLock::new(|| inbox(Some(authentication())));
static BASIC: LazyLock<Inbox> = LazyLock::new(|| {
    let password = Secret::new("canary-password");
    inbox(Some(CallbackAuthentication::Basic { username: "vendor".to_owned(), password }))
});

fn authentication() -> CallbackAuthentication {
    let client_secret = Secret::new("canary-client-secret");
    CallbackAuthentication::OAuth2 { client_id: "vendor".to_owned(), client_secret }
}

fn inbox(authentication: Option<CallbackAuthentication>) -> Inbox {
    let options = InboxOptions {
        name: "main".to_owned(),
        store: Arc::new(MemoryStore::new()),
        sealing: None,
        secrets: vec![Secret::new(SIGNING_KEY), Secret::new("canary-former-key")],
        tolerance: Tolerance::default(),
        authentication,
        attempts: 3,
    };
    Inbox::new(options, Arc::new(SystemClock)).expect("the options are right")
}

pub(crate) fn check(input: &[u8]) {
    let end = input.windows(2).position(|two| two == b"\n\n");
    let (head, body) = end.map_or((input, &[][..]), |end| (&input[..end], &input[end + 2..]));
    let head = String::from_utf8_lossy(head);
    let header = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(':'));
        let mut values = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        values.next().map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let delivery = Delivery {
        signature: header("smartrecruiters-signature"),
        timestamp: header("smartrecruiters-timestamp"),
        id: header("event-id"),
        name: header("event-name"),
        version: header("event-version"),
        link: header("link"),
    };
    check_forged(&delivery, body);
    check_signed(&delivery, body);
    check_authentication(&header("authorization"), body);
}

/// Nothing verifies that was not signed with a key of the receiver.
fn check_forged(delivery: &Delivery, body: &[u8]) {
    let right = INBOX.sign(delivery, body).expect("there is a key");
    match INBOX.verify(delivery, body) {
        Ok(_) => assert!(delivery.signature.to_ascii_lowercase().contains(right.trim_start_matches("v1="))),
        Err(Error::WebhookRefused { reason }) => {
            assert!(reason != WebhookRefusal::NoKey && !reason.to_string().contains("canary"));
        }
        Err(other) => panic!("{other:?} is not a refusal"),
    }
}

/// What was signed just now verifies, if it can be an event, and is read as it was sent.
fn check_signed(delivery: &Delivery, body: &[u8]) {
    let timestamp = (SystemClock.now().unix_millis() / 1000).to_string();
    let mut signed = Delivery { timestamp, ..delivery.clone() };
    let signature = INBOX.sign(&signed, body).expect("there is a key");
    signed.signature = format!("v2=x; v1=00,{signature}");
    match INBOX.verify(&signed, body) {
        Ok(read) => {
            assert_eq!(read.body.as_bytes(), body);
            assert_eq!((&read.name, &read.link), (&delivery.name, &delivery.link));
            assert!((1..=128).contains(&read.id.len()));
            assert_eq!(event(&signed, body).expect("it was read before"), read, "copies have the same id");
        }
        Err(Error::WebhookRefused { reason }) => {
            let is_malformed =
                matches!(reason, WebhookRefusal::MalformedHeader | WebhookRefusal::MalformedBody);
            assert!(is_malformed, "{reason:?}");
        }
        Err(other) => panic!("{other:?} is not a refusal"),
    }
    let longer = [body, b" "].concat();
    let refused = matches!(
        INBOX.verify(&signed, &longer),
        Err(Error::WebhookRefused { reason: WebhookRefusal::NoMatch })
    );
    assert!(refused, "another body verifies");
}

/// A request authenticates with the right secret only, and a token that was issued is accepted.
fn check_authentication(authorization: &str, form: &[u8]) {
    let is_accepted = BASIC.authenticate(authorization, "").is_ok();
    assert!(!is_accepted || authorization.contains("dmVuZG9yOmNhbmFyeS1wYXNzd29yZA"), "{authorization}");
    assert!(INBOX.authenticate(authorization, "").is_err(), "{authorization} was never issued");
    if let Ok(Ok(token)) = INBOX.issue_token(authorization, form) {
        assert!(INBOX.authenticate(&format!("Bearer {token}"), "").is_ok());
        let form = String::from_utf8_lossy(form);
        assert!(form.contains("grant_type"), "{form}");
    }
}

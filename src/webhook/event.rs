//! [`event`]: reads an event from the headers and the body of a request.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::IgnoredAny;

use crate::error::{Error, Result, WebhookRefusal};
use crate::store::WebhookEvent;

/// The longest value of a header of an event.
const LONGEST_HEADER: usize = 2048;
/// The longest event id that names a record itself. A longer one does so by its hash.
const LONGEST_ID: usize = 128;

/// The headers of a request that are about its event, each empty if the request lacks it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// `smartrecruiters-signature`.
    pub signature: String,
    /// `smartrecruiters-timestamp`.
    pub timestamp: String,
    /// `event-id`.
    pub id: String,
    /// `event-name`.
    pub name: String,
    /// `event-version`.
    pub version: String,
    /// `link`.
    pub link: String,
}

/// Reads an event. Fails with [`Error::WebhookRefused`] if a header or the body cannot be that of an event.
///
/// An event without an id gets one that depends on everything that is signed, so that copies of it are recognized.
pub fn event(delivery: &Delivery, body: &[u8]) -> Result<WebhookEvent> {
    let refused = |reason| Err(Error::WebhookRefused { reason });
    let headers = [&delivery.id, &delivery.name, &delivery.version, &delivery.link];
    let is_plain = |text: &&String| {
        text.len() <= LONGEST_HEADER && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
    };
    // The vendor names every event. What its log has without a name, such as a handshake, is none.
    if delivery.name.is_empty() || !headers.iter().all(is_plain) {
        return refused(WebhookRefusal::MalformedHeader);
    }
    let Some(text) = std::str::from_utf8(body).ok().filter(|text| is_object(text)) else {
        return refused(WebhookRefusal::MalformedBody);
    };
    let is_short = (1..=LONGEST_ID).contains(&delivery.id.len());
    Ok(WebhookEvent {
        id: if is_short { delivery.id.clone() } else { id_of(delivery, body) },
        name: delivery.name.clone(),
        version: delivery.version.clone(),
        link: delivery.link.clone(),
        timestamp: delivery.timestamp.parse().unwrap_or_default(),
        body: text.to_owned(),
    })
}

fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// An id for an event that has none that could name a record.
fn id_of(delivery: &Delivery, body: &[u8]) -> String {
    let mut hash = ring::digest::Context::new(&ring::digest::SHA256);
    for part in [&delivery.timestamp, &delivery.id, &delivery.name, &delivery.version, &delivery.link] {
        hash.update(part.as_bytes());
        hash.update(&[0]);
    }
    hash.update(body);
    format!("sha256-{}", URL_SAFE_NO_PAD.encode(hash.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery() -> Delivery {
        Delivery {
            id: "123".into(),
            name: "application.created".into(),
            version: "v201910".into(),
            link: "<http://smartrecruiters.com/endpoint>; rel=self".into(),
            timestamp: "1574080897".into(),
            ..Delivery::default()
        }
    }

    fn refusal(delivery: &Delivery, body: &[u8]) -> WebhookRefusal {
        match event(delivery, body) {
            Err(Error::WebhookRefused { reason }) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_event_has_what_its_headers_and_its_body_say() {
        let read = event(&delivery(), br#"{"id":"x"}"#).unwrap();
        assert_eq!((read.id.as_str(), read.name.as_str()), ("123", "application.created"));
        assert_eq!((read.timestamp, read.body.as_str()), (1_574_080_897, r#"{"id":"x"}"#));
    }

    #[test]
    fn an_event_without_a_usable_id_gets_one_that_its_copies_share() {
        for id in [String::new(), "x".repeat(LONGEST_ID + 1)] {
            let without = Delivery { id, ..delivery() };
            let one = event(&without, b"{}").unwrap().id;
            assert!(one.starts_with("sha256-") && one.len() == 50, "{one}");
            assert_eq!(event(&without, b"{}").unwrap().id, one);
            assert_ne!(event(&without, b"{ }").unwrap().id, one);
            assert_ne!(event(&Delivery { name: "x".into(), ..without }, b"{}").unwrap().id, one);
        }
    }

    #[test]
    fn what_cannot_be_an_event_is_refused() {
        for body in [&b""[..], b"[]", b"\"a\"", b"{\"a\":1", b"{} {}", b"{\"a\":\"\xff\"}", b"null"] {
            assert_eq!(refusal(&delivery(), body), WebhookRefusal::MalformedBody, "{body:?}");
        }
        for id in ["a\nb", "é", &"x".repeat(LONGEST_HEADER + 1)] {
            let bad = Delivery { id: id.into(), ..delivery() };
            assert_eq!(refusal(&bad, b"{}"), WebhookRefusal::MalformedHeader, "{id}");
        }
        let nameless = Delivery { name: String::new(), ..delivery() };
        assert_eq!(refusal(&nameless, b"{}"), WebhookRefusal::MalformedHeader);
    }
}

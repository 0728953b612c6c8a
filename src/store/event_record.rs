//! [`EventRecord`]: an event of a webhook, from its arrival until copies of it can no longer arrive.

use serde::{Deserialize, Serialize};

use super::encoding::{json, parsed, unreadable};
use super::interface::Due;
use super::record::{EVENT_PREFIX, Record};
use crate::error::Result;

/// The version of the JSON below. It is raised when that changes.
const SCHEMA: u32 = 1;
/// How long a record stays after its event arrived, in milliseconds: a day longer than the vendor's log of callbacks
/// goes back.
pub const EVENT_RETENTION: u64 = 31 * 24 * 3600 * 1000;
/// How much of the index one band of due times takes, in milliseconds: 30,000 years.
const BAND: u64 = 1_000_000_000_000_000;

/// What a record of an event is waiting for. The records of each kind are adjacent in the index of due times, far after
/// those of grants, so neither a walk through grants nor one through events passes the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventBand {
    /// To be handled.
    Ready,
    /// To be removed, after it was handled or dropped.
    Handled,
    /// To be removed, after it was given up.
    Dead,
}

impl EventBand {
    /// All bands, in their order.
    pub const ALL: [Self; 3] = [Self::Ready, Self::Handled, Self::Dead];

    fn begin(self) -> u64 {
        let index = match self {
            Self::Ready => 2,
            Self::Handled => 3,
            Self::Dead => 4,
        };
        index * BAND
    }

    /// The due time of a record that waits in this band until `time` (milliseconds since the Unix epoch).
    pub fn at(self, time: u64) -> u64 {
        self.begin() + time.min(BAND - 1)
    }

    /// The place before the first record of the band.
    pub fn first(self) -> Due {
        Due { due: self.begin(), id: String::new() }
    }
}

/// Skips the records of events in a walk through the index: `place`, or the last place of events if it is among them.
pub fn after_events(place: Due) -> Due {
    if (EventBand::Ready.begin()..EventBand::Dead.begin() + BAND).contains(&place.due) {
        Due { due: EventBand::Dead.begin() + BAND, id: String::new() }
    } else {
        place
    }
}

/// An event of a webhook, as the vendor sent it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookEvent {
    /// The event's id.
    pub id: String,
    /// The event's name, such as `application.created`.
    pub name: String,
    /// The version of the event's format, which is opaque.
    pub version: String,
    /// The header `Link`, empty if there was none.
    pub link: String,
    /// When the request was signed, in seconds since the Unix epoch.
    pub timestamp: u64,
    /// The body: a JSON object.
    pub body: String,
}

/// A record of an event. Times are milliseconds since the Unix epoch, because other machines read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// When the event arrived.
    pub received_at: u64,
    /// How often handling it began.
    pub attempts: u32,
    /// What is to be done with it.
    pub state: EventState,
}

/// What is to be done with an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, tag = "is")]
pub enum EventState {
    /// It is to be handled.
    #[serde(rename_all = "camelCase")]
    Waiting {
        /// The event.
        event: WebhookEvent,
        /// When it is to be handled.
        next: u64,
    },
    /// A process is handling it, or ended while doing so.
    #[serde(rename_all = "camelCase")]
    Handling {
        /// The event.
        event: WebhookEvent,
        /// A random name of this attempt.
        claim: String,
        /// The end of the attempt's lease.
        until: u64,
    },
    /// It was handled, or dropped. Only its id is kept, by which copies of it are recognized.
    Handled,
    /// It failed too often.
    #[serde(rename_all = "camelCase")]
    Dead {
        /// The event.
        event: WebhookEvent,
        /// Why the last attempt failed, in the words of the handler's error.
        error: String,
        /// When it was given up.
        since: u64,
    },
}

impl EventRecord {
    /// Whether the attempt of this name holds the event.
    pub fn is_claimed_by(&self, name: &str) -> bool {
        matches!(&self.state, EventState::Handling { claim, .. } if claim == name)
    }
}

/// The id of the record of an event in an inbox.
pub fn event_record_id(inbox: &str, event: &str) -> String {
    format!("{}{event}", event_record_prefix(inbox))
}

/// What the ids of all records of an inbox begin with.
pub fn event_record_prefix(inbox: &str) -> String {
    format!("{EVENT_PREFIX}{inbox}:")
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Plain {
    schema: u32,
    received_at: u64,
    attempts: u32,
    state: EventState,
}

impl Record for EventRecord {
    fn encode(&self) -> Result<Vec<u8>> {
        json(&Plain {
            schema: SCHEMA,
            received_at: self.received_at,
            attempts: self.attempts,
            state: self.state.clone(),
        })
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let Plain { schema, received_at, attempts, state } = parsed(bytes)?;
        if schema != SCHEMA {
            return Err(unreadable());
        }
        Ok(Self { received_at, attempts, state })
    }

    fn due(&self) -> u64 {
        let removed = self.received_at.saturating_add(EVENT_RETENTION);
        match &self.state {
            EventState::Waiting { next, .. } => EventBand::Ready.at(*next),
            EventState::Handling { until, .. } => EventBand::Ready.at(*until),
            EventState::Handled => EventBand::Handled.at(removed),
            EventState::Dead { .. } => EventBand::Dead.at(removed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::interface::NEVER;
    use super::*;

    fn event() -> WebhookEvent {
        WebhookEvent {
            id: "e".into(),
            name: "job.created".into(),
            version: "v1".into(),
            link: String::new(),
            timestamp: 5,
            body: r#"{"id":"1"}"#.into(),
        }
    }

    fn states() -> [EventState; 4] {
        [
            EventState::Waiting { event: event(), next: 7 },
            EventState::Handling { event: event(), claim: "c".into(), until: 8 },
            EventState::Handled,
            EventState::Dead { event: event(), error: "no".into(), since: 9 },
        ]
    }

    #[test]
    fn every_state_survives_the_store() {
        for state in states() {
            let record = EventRecord { received_at: 6, attempts: 2, state };
            assert_eq!(EventRecord::decode(&record.encode().unwrap()).unwrap(), record);
        }
        assert!(
            EventRecord::decode(br#"{"schema":2,"receivedAt":1,"attempts":0,"state":{"is":"handled"}}"#)
                .is_err()
        );
    }

    #[test]
    fn events_are_due_apart_from_all_other_records() {
        let far_grant = 253_402_300_800_000; // the year 10000
        for state in states() {
            let due = EventRecord { received_at: u64::MAX, attempts: 0, state }.due();
            assert!(due > far_grant && due < NEVER, "{due}");
            let after = after_events(Due { due, id: "x".into() });
            assert!(after.due > due && after.due < NEVER, "{after:?}");
        }
        for due in [far_grant, NEVER] {
            let place = Due { due, id: "x".into() };
            assert_eq!(after_events(place.clone()), place);
        }
        for [one, other] in [[EventBand::Ready, EventBand::Handled], [EventBand::Handled, EventBand::Dead]] {
            assert!(one.at(u64::MAX) < other.first().due, "{one:?}");
        }
    }
}

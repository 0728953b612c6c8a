//! [`Page`]: an answer, parsed only as far as paging needs it. The items stay JSON text.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::json_reader::{JsonReader, unquoted};
use super::list::{Place, pagination};
use crate::error::Result;

/// A page of a list.
#[derive(Debug)]
pub(super) struct Page {
    /// The list of items, as JSON text. It is a part of the answer's body.
    pub(super) text: Bytes,
    /// For each item, the hash of its id if it has one.
    pub(super) ids: Vec<Option<u64>>,
    /// The next page, as the body names it.
    pub(super) next: Option<Place>,
    /// The number of items in all pages, if the body reports it.
    pub(super) total: Option<u64>,
}

/// What is read of an object that has the list as a member.
#[derive(Default)]
struct Envelope<'a> {
    content: Option<Items>,
    next_page_id: Option<&'a RawValue>,
    next_page: Option<&'a RawValue>,
    total_found: Option<&'a RawValue>,
}

/// The place of the list's text in the body, and for each item the hash of its id.
type Items = (Range<usize>, Vec<Option<u64>>);

impl Page {
    /// Reads a body that is a list or an object whose `content` is a list.
    pub(super) fn read(body: &Bytes, hasher: &RandomState) -> Result<Self> {
        Self::parse(body, hasher).ok_or_else(|| {
            pagination(
                "the answer is neither a JSON list nor an object with a list as its `content`; read this path with `get`",
            )
        })
    }

    fn parse(body: &Bytes, hasher: &RandomState) -> Option<Self> {
        let mut json = JsonReader::new(std::str::from_utf8(body).ok()?);
        let envelope = match json.peek()? {
            b'[' => Envelope { content: Some(items(&mut json, hasher)?), ..Envelope::default() },
            _ => envelope(&mut json, hasher)?,
        };
        if json.peek().is_some() {
            return None;
        }
        let (range, ids) = envelope.content?;
        let next = scalar(envelope.next_page_id)
            .map(Place::PageId)
            .or_else(|| scalar(envelope.next_page).map(Place::Page));
        let total = scalar(envelope.total_found).and_then(|total| total.parse().ok());
        Some(Self { text: body.slice(range), ids, next, total })
    }

    /// The items after the first `skip`, as the JSON text of a list. `None` if there are none.
    pub(super) fn after(&self, skip: usize) -> Option<Bytes> {
        if skip >= self.ids.len() {
            return None;
        }
        if skip == 0 {
            return Some(self.text.clone());
        }
        let items: Vec<&RawValue> = serde_json::from_slice(&self.text).ok()?;
        let rest: Vec<_> = items.get(skip..)?.iter().map(|item| item.get()).collect();
        Some(format!("[{}]", rest.join(",")).into())
    }
}

/// Reads the object. A member that is read must not be repeated: it would be unclear which of them is meant.
fn envelope<'a>(json: &mut JsonReader<'a>, hasher: &RandomState) -> Option<Envelope<'a>> {
    let mut envelope = Envelope::default();
    json.object(|json, name| {
        let is_repeated = match name {
            "content" => envelope.content.replace(items(json, hasher)?).is_some(),
            "nextPageId" => envelope.next_page_id.replace(json.value()?).is_some(),
            "nextPage" => envelope.next_page.replace(json.value()?).is_some(),
            "totalFound" => envelope.total_found.replace(json.value()?).is_some(),
            _ => json.value::<IgnoredAny>().is_none(),
        };
        (!is_repeated).then_some(())
    })?;
    Some(envelope)
}

/// Reads the list of items.
fn items(json: &mut JsonReader<'_>, hasher: &RandomState) -> Option<Items> {
    let mut ids = Vec::new();
    let range = json.list(|json| {
        let id = match json.peek()? {
            b'{' => json.value::<Id>()?.0,
            _ => json.value::<IgnoredAny>().map(|_| None)?,
        };
        ids.push(id.map(|id| hasher.hash_one(id.get())));
        Some(())
    })?;
    Some((range, ids))
}

/// The `id` of an object as JSON text, if it has one that is not null. As in `JSON.parse`, the last one counts.
struct Id<'a>(Option<&'a RawValue>);

impl<'de> Deserialize<'de> for Id<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Id<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<Id<'de>, A::Error> {
                let mut id = None;
                // Names stay raw JSON: decoding one with half a surrogate pair fails, and would make the whole page unreadable.
                while let Some(name) = members.next_key()? {
                    if unquoted(name).is_some_and(|name| name == "id") {
                        id = members.next_value()?;
                    } else {
                        members.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Id(id))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// The value as text, if it is a number or a text that is not empty.
fn scalar(value: Option<&RawValue>) -> Option<String> {
    let text = value?.get();
    let scalar = match text.as_bytes().first()? {
        b'"' => serde_json::from_str(text).ok()?,
        b'-' | b'0'..=b'9' => text.to_owned(),
        _ => return None,
    };
    Some(scalar).filter(|scalar| !scalar.is_empty())
}

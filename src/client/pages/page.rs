//! [`Page`]: an answer, parsed only as far as paging needs it. The items stay JSON text.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::list::{Place, pagination};
use crate::error::Result;

/// A page of a list, borrowed from its answer's body.
#[derive(Debug)]
pub(super) struct Page<'a> {
    /// The list of items, as JSON text.
    pub(super) text: &'a str,
    /// Each item, as JSON text.
    pub(super) items: Vec<&'a RawValue>,
    /// The next page, as the body names it.
    pub(super) next: Option<Place>,
    /// The number of items in all pages, if the body reports it.
    pub(super) total: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    content: &'a RawValue,
    #[serde(borrow)]
    next_page_id: Option<&'a RawValue>,
    #[serde(borrow)]
    next_page: Option<&'a RawValue>,
    #[serde(borrow)]
    total_found: Option<&'a RawValue>,
}

impl<'a> Page<'a> {
    /// Reads a body that is a list or an object whose `content` is a list.
    pub(super) fn read(body: &'a [u8]) -> Result<Self> {
        let page = match body.trim_ascii_start().first() {
            Some(b'[') => serde_json::from_slice(body).ok().and_then(|list| Self::of(list, None, None)),
            Some(b'{') => serde_json::from_slice(body).ok().and_then(|envelope: Envelope| {
                let next = scalar(envelope.next_page_id)
                    .map(Place::PageId)
                    .or_else(|| scalar(envelope.next_page).map(Place::Page));
                let total = scalar(envelope.total_found).and_then(|total| total.parse().ok());
                Self::of(envelope.content, next, total)
            }),
            _ => None,
        };
        page.ok_or_else(|| {
            pagination(
                "the answer is neither a JSON list nor an object with a list as its `content`; read this path with `get`",
            )
        })
    }

    fn of(list: &'a RawValue, next: Option<Place>, total: Option<u64>) -> Option<Self> {
        let text = list.get();
        Some(Self { text, items: serde_json::from_str(text).ok()?, next, total })
    }
}

/// The `id` of an item as JSON text, if the item has one.
pub(super) fn id(item: &RawValue) -> Option<&str> {
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(borrow)]
        id: Option<&'a RawValue>,
    }
    serde_json::from_str::<Item>(item.get()).ok()?.id.map(RawValue::get)
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

//! [`NextPages`]: which pages of a list come next, as far as that is known. Pure.

use super::list::{List, Place, Style};
use super::page::Page;

/// The default number of pages in flight if no page depends on another: as many requests as the vendor accepts at once.
const AT_ONCE: usize = 8;

/// The pages of a list that are still to be requested.
#[derive(Debug)]
pub(super) struct NextPages {
    /// `None` until the first page was read.
    style: Option<Style>,
    /// The number of items on the first page that was read. Only lists whose pages have numbers need it.
    size: Option<u64>,
    rest: Rest,
}

/// What is known about the pages that were not requested yet.
#[derive(Debug)]
enum Rest {
    /// The page in flight will show it.
    Unknown,
    /// One page, which will show whether others follow.
    One(Place),
    /// The page at offset `next`, and one at every `stride` after it below `total`.
    Offsets { next: u64, stride: u64, total: u64 },
    /// There are no further pages.
    Nothing,
}

impl NextPages {
    /// All pages from `place` on.
    pub(super) fn from(place: Place) -> Self {
        Self { style: None, size: None, rest: Rest::One(place) }
    }

    /// The page to request next, if it is known. It then counts as requested.
    pub(super) fn ask(&mut self) -> Option<Place> {
        let place = self.peek()?;
        match &mut self.rest {
            Rest::Offsets { next, stride, .. } => *next = next.saturating_add(*stride),
            rest => *rest = Rest::Unknown,
        }
        Some(place)
    }

    /// The page to ask for next, if it is known already.
    pub(super) fn peek(&self) -> Option<Place> {
        match &self.rest {
            Rest::One(place) => Some(place.clone()),
            Rest::Offsets { next, total, .. } if next < total => Some(Place::Offset(*next)),
            Rest::Offsets { .. } | Rest::Unknown | Rest::Nothing => None,
        }
    }

    /// Updates the next pages by the page at `place`. An empty page is the last, even if it names a next one.
    pub(super) fn learn(&mut self, list: &List, place: &Place, page: &Page) {
        let count = page.ids.len() as u64;
        if count == 0 {
            self.rest = Rest::Nothing;
            return;
        }
        let style = *self.style.get_or_insert_with(|| style(list, page));
        self.rest = match style {
            Style::Whole => Rest::Nothing,
            Style::Named => page.next.clone().map_or(Rest::Nothing, Rest::One),
            Style::Number => {
                let at = if let Place::Number(number) = place { *number } else { list.first_number() };
                let next = at.saturating_add(1);
                // If the first page that was read is the short last one, this leads to one more page, which is empty.
                let size = *self.size.get_or_insert(count);
                let is_read = page.total.is_some_and(|total| next.saturating_mul(size) >= total);
                if is_read { Rest::Nothing } else { Rest::One(Place::Number(next)) }
            }
            Style::Offset => {
                let at = if let Place::Offset(offset) = place { *offset } else { list.first().unwrap_or(0) };
                match (&self.rest, page.total) {
                    (&Rest::Offsets { next, stride, total }, now) => {
                        Rest::Offsets { next, stride, total: now.unwrap_or(total) }
                    }
                    (_, Some(total)) => {
                        Rest::Offsets { next: at.saturating_add(count), stride: count, total }
                    }
                    // Without a total, only an empty page shows the end.
                    (_, None) => Rest::One(Place::Offset(at.saturating_add(count))),
                }
            }
        };
    }

    /// Whether a page is requested by its position in the list, which moves when the list changes.
    pub(super) fn is_by_position(&self) -> bool {
        matches!(self.style, Some(Style::Offset | Style::Number))
    }

    /// How many pages to keep in flight.
    pub(super) fn at_once(&self) -> usize {
        if self.style == Some(Style::Offset) { AT_ONCE } else { 1 }
    }
}

/// The style that the first page shows, or else the one documented for the path.
fn style(list: &List, page: &Page) -> Style {
    match list.rules.style {
        Some(Style::Offset) if page.total.is_some() || page.next.is_none() => Style::Offset,
        _ if page.next.is_some() => Style::Named,
        Some(style) => style,
        None if page.total.is_some_and(|total| total > page.ids.len() as u64) => Style::Offset,
        None => Style::Whole,
    }
}

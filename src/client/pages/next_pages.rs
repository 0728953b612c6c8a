//! [`NextPages`]: which pages come next, as far as that is known. Pure.

use super::list::{List, Place, Style};
use super::page::Page;

/// How many pages are on their way at once if nobody says otherwise, and none depends on another: as many requests as
/// the vendor takes at once.
const AT_ONCE: usize = 8;

/// The way through a list.
#[derive(Debug)]
pub(super) struct NextPages {
    /// None before the first page was read.
    style: Option<Style>,
    rest: Rest,
}

/// The pages that were not asked for yet.
#[derive(Debug)]
enum Rest {
    /// The page that is on its way will tell.
    Unknown,
    /// This one; it will tell of others.
    One(Place),
    /// The one at offset `next`, and others each `stride` after it, below `total`.
    Offsets { next: u64, stride: u64, total: u64 },
    /// None.
    Nothing,
}

impl NextPages {
    /// A way from `place` on.
    pub(super) fn from(place: Place) -> Self {
        Self { style: None, rest: Rest::One(place) }
    }

    /// The page to ask for next, if it is known already. It counts as asked for.
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

    /// Takes in what the page at `place` shows. An empty page is the last, whatever it says.
    pub(super) fn learn(&mut self, list: &List, place: &Place, page: &Page<'_>) {
        let count = page.items.len() as u64;
        if count == 0 {
            self.rest = Rest::Nothing;
            return;
        }
        let style = *self.style.get_or_insert_with(|| style(list, page));
        self.rest = match style {
            Style::Whole => Rest::Nothing,
            Style::Named => page.next.clone().map_or(Rest::Nothing, Rest::One),
            Style::Offset => {
                let at = if let Place::Offset(offset) = place { *offset } else { list.first().unwrap_or(0) };
                match (&self.rest, page.total) {
                    (&Rest::Offsets { next, stride, total }, now) => {
                        Rest::Offsets { next, stride, total: now.unwrap_or(total) }
                    }
                    (_, Some(total)) => {
                        Rest::Offsets { next: at.saturating_add(count), stride: count, total }
                    }
                    // Only an empty page says that it is the last.
                    (_, None) => Rest::One(Place::Offset(at.saturating_add(count))),
                }
            }
        };
    }

    /// Whether pages are asked for by their offset.
    pub(super) fn is_by_offset(&self) -> bool {
        self.style == Some(Style::Offset)
    }

    /// How many pages are to be on their way at once.
    pub(super) fn at_once(&self) -> usize {
        if self.is_by_offset() { AT_ONCE } else { 1 }
    }
}

/// What the first page shows, and else what its path says.
fn style(list: &List, page: &Page<'_>) -> Style {
    match list.rules.style {
        Some(Style::Offset) if page.total.is_some() || page.next.is_none() => Style::Offset,
        _ if page.next.is_some() => Style::Named,
        Some(style) => style,
        None if page.total.is_some_and(|total| total > page.items.len() as u64) => Style::Offset,
        None => Style::Whole,
    }
}

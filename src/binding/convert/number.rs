//! Whole numbers, which JavaScript has as `f64`.

/// A count, version or time as a JavaScript number.
#[expect(clippy::cast_precision_loss, reason = "versions, counts and times are far below 2^53")]
pub(crate) fn number(value: u64) -> f64 {
    value as f64
}

/// A JavaScript number that is whole and not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the face lets only numbers of 0 or more through"
)]
pub(crate) fn whole(value: f64) -> u64 {
    value as u64
}

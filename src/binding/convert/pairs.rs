//! Lists in which names and values alternate, as JavaScript passes parameters and headers.

/// Names and values in pairs, of a list in which they alternate.
pub(crate) fn pairs(flat: Option<Vec<String>>) -> Vec<(String, String)> {
    let mut values = flat.unwrap_or_default().into_iter();
    std::iter::from_fn(|| Some((values.next()?, values.next()?))).collect()
}

//! The reader of JSON that may be broken. An input is a text.

use serde_json::Value as Json;
use smartrecruiters::http::{Value, members, scattered};

/// As deep as the reader looks, once for the text and once for each of three texts inside texts.
const DEEPEST: usize = 4 * 256;

pub(crate) fn check(input: &[u8]) {
    let (mut visited, mut top) = (0, Vec::new());
    let shape = members(input, &mut |member| {
        visited += 1;
        assert!((1..=DEEPEST).contains(&member.depth));
        assert!(!member.name.is_empty() && member.name.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        if member.depth == 1 && !member.in_array {
            top.push((member.name.to_owned(), member.value));
        }
    });
    // A text inside a text is visited again, at most three times.
    assert!(visited <= 4 * input.len());
    assert!(shape.opened || (!shape.closed && visited == 0));
    if let Ok(json @ (Json::Object(_) | Json::Array(_))) = serde_json::from_slice(input) {
        assert!(shape.opened && shape.closed && !shape.odd, "valid JSON is not odd");
        let members = json.as_object().into_iter().flatten();
        members.for_each(|(name, value)| check_member(name, value, &top));
    }
    let mut seen = 0;
    scattered(input, &|name| !name.is_empty(), &mut |member| {
        seen += 1;
        assert!(!matches!(&member.value, Value::Text(text) if text.len() > 2 * 64 * 1024));
    });
    assert!(seen <= 256);
}

/// What another parser reads is read as well, and as the same.
fn check_member(name: &str, value: &Json, top: &[(String, Value)]) {
    let normalized = name.bytes().filter(u8::is_ascii_alphanumeric).collect::<Vec<_>>().to_ascii_lowercase();
    // As written, a name may be six times as long as it is.
    if normalized.is_empty() || name.len() * 6 > 64 {
        return;
    }
    let is_same = |(found, read): &(String, Value)| {
        found.as_bytes() == normalized
            && match (value, read) {
                (Json::String(text), Value::Text(read)) => *text == **read,
                (Json::Object(_) | Json::Array(_), read) => *read == Value::Nested,
                (Json::Null, Value::Bare(word)) => word.as_str() == "null",
                (Json::Bool(value), Value::Bare(word)) => **word == value.to_string(),
                (Json::Number(_), Value::Bare(word)) => {
                    word.starts_with(|c: char| c == '-' || c.is_ascii_digit())
                }
                _ => false,
            }
    };
    assert!(top.iter().any(is_same), "{name:?} was not read as {value}");
}

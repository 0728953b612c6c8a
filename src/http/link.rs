//! `Link` headers (RFC 8288).

use http::HeaderMap;
use http::header::LINK;

/// The target of the first link whose relation is `next`, unchanged: it is relative or absolute, and already encoded.
pub fn next_link(headers: &HeaderMap) -> Option<&str> {
    headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).find_map(next_in)
}

fn next_in(value: &str) -> Option<&str> {
    let mut rest = value;
    while let Some((_, after)) = rest.split_once('<') {
        let (target, after) = after.split_once('>')?;
        let (parameters, others) = split(after, ',');
        if leads_on(parameters) {
            return Some(target);
        }
        rest = others;
    }
    None
}

/// Whether one of these parameters is a `rel` that includes `next`.
fn leads_on(parameters: &str) -> bool {
    let mut rest = parameters;
    while !rest.is_empty() {
        let (parameter, others) = split(rest, ';');
        if let Some((name, value)) = parameter.split_once('=')
            && name.trim().eq_ignore_ascii_case("rel")
        {
            let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
            return relations.any(|relation| relation.eq_ignore_ascii_case("next"));
        }
        rest = others;
    }
    false
}

/// Splits at the first `separator` that is not in a quoted string (RFC 9110 section 5.6.4).
fn split(text: &str, separator: char) -> (&str, &str) {
    let (mut quoted, mut escaped) = (false, false);
    let found = text.find(|c| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return c == separator && !quoted,
        }
        false
    });
    found.map_or((text, ""), |at| (&text[..at], &text[at + separator.len_utf8()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(LINK, value.parse().unwrap());
        }
        next_link(&headers).map(str::to_owned)
    }

    #[test]
    fn the_next_page_is_found_among_all_links() {
        let table: [(&[&str], Option<&str>); 14] = [
            (&[], None),
            (&[r#"</jobs?pageId=a%2Fb>; rel="next""#], Some("/jobs?pageId=a%2Fb")),
            (&["<https://api.example.com/jobs>;rel=next"], Some("https://api.example.com/jobs")),
            (&["</a>; REL=\"Next\""], Some("/a")),
            (&[r#"</a>; rel="prev""#], None),
            (&[r#"</a>; rel="prev", </b>; rel="next""#], Some("/b")),
            (&[r#"</a>; rel="prev""#, r#"</b>; rel="next""#], Some("/b")),
            (&[r#"</a?x=1,2>; rel="last next""#], Some("/a?x=1,2")),
            (&[r#"</a>; title="no, really; rel=next", </b>; rel=next"#], Some("/b")),
            (&[r#"</a>; title="a \", </x>; rel=next", </b>; rel="next""#], Some("/b")),
            (&[r#"</a>; rel="nextpage""#], None),
            (&["</a>; rel"], None),
            (&["</a>"], None),
            (&["</a; rel=next"], None),
        ];
        for (values, expected) in table {
            assert_eq!(next(values).as_deref(), expected, "{values:?}");
        }
    }
}

use super::*;

fn found(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    members(text.as_bytes(), &mut |member| {
        let value = match &member.value {
            Value::Text(text) => format!("{:?}", text.as_str()),
            Value::Bare(word) => word.to_string(),
            Value::Nested => "…".to_owned(),
            Value::Damaged => "!".to_owned(),
        };
        found.push(format!("{}@{}={value}", member.name, member.depth));
    });
    found
}

#[test]
fn members_are_found_whatever_stands_around_them() {
    for text in [
        r#"{"a_b":"x"}"#,
        r#")]}',
           {"a_b":"x"}"#,
        r#"callback({"a_b":"x"});"#,
        r#"<p class="it's">{"aB":"x"}</p>"#,
        "{'a-b':'x'}",
        r#"{a_b:"x",}"#,
        r#"{"a_b":/* why */"x"// because
           }"#,
        r#"{"a\u005fb":"\u0078"}"#,
        r#"{"a_b":"x""#,
    ] {
        assert_eq!(found(text), ["ab@1=\"x\""], "{text}");
    }
}

#[test]
fn values_are_what_they_are_written_as() {
    let text =
        r#"{"a":NaN,"b":1e400,"c":123456789012345678901,"d":null,"e":["p","q",{"f":1}],"g":{"h":"\ud800"}}"#;
    assert_eq!(
        found(text),
        [
            "a@1=NaN",
            "b@1=1e400",
            "c@1=123456789012345678901",
            "d@1=null",
            "e@1=…",
            "e@2=\"p\"",
            "e@2=\"q\"",
            "e@2=…",
            "f@3=1",
            "g@1=…",
            "h@2=!"
        ]
    );
}

#[test]
fn a_string_that_is_cut_off_or_runs_into_something_is_damaged() {
    for text in [r#"{"a":"x"#, r#"{"a":"x"y"}"#, r#"{"a":"\x"}"#, r#"{"a":"x" "b":1}"#] {
        assert_eq!(found(text).first().unwrap(), "a@1=!", "{text}");
    }
}

#[test]
fn json_in_a_string_is_json() {
    assert_eq!(found(r#"{"data":"{\"a\":\"x\"}"}"#).first().unwrap(), "a@2=\"x\"");
    let plain = unescaped(br#""{\"a\":\"x\"}""#);
    assert_eq!(found(std::str::from_utf8(&plain).unwrap()), ["a@1=\"x\""]);
}

#[test]
fn depth_costs_nothing() {
    let deep = format!("{{\"x\":{}1{},\"a\":\"x\"}}", "[".repeat(500_000), "]".repeat(500_000));
    assert_eq!(found(&deep).last().unwrap(), "a@1=\"x\"");
}

#[test]
fn what_a_stray_quote_hides_is_found_by_its_name() {
    let text = br#"{"b":"y,"a":"x","c":"a"}"#;
    let mut values = Vec::new();
    scattered(text, &|name| name == "a", &mut |member| values.push(member.value));
    assert_eq!(values, [Value::Text(Zeroizing::new("x".to_owned()))]);
}

#[test]
fn shapes_are_told_apart() {
    let shape = |text: &str| members(text.as_bytes(), &mut |_| {});
    assert_eq!(shape(r#"{"a":[1,true,null]}"#), Shape { opened: true, closed: true, odd: false });
    assert_eq!(shape(r#"{"a":NaN,"b":"\ud800"}"#), Shape { opened: true, closed: true, odd: false });
    assert_eq!(shape(r#"{"a":b}"#), Shape { opened: true, closed: true, odd: true });
    assert_eq!(shape(r#"{"a":[1]"#), Shape { opened: true, closed: false, odd: true });
    assert_eq!(shape("no"), Shape { opened: false, closed: false, odd: true });
}

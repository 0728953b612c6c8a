//! The table, and how operations are found in it.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::error::Error;

/// A path of `template`, with `id` in place of its parameters.
fn filled(template: &str, id: &str) -> String {
    let fill = |segment| if is_parameter(segment) { id } else { segment };
    template.split('/').map(fill).collect::<Vec<_>>().join("/")
}

#[test]
fn every_operation_is_found_whatever_its_ids_are() {
    for operation in all() {
        for id in [
            "7",
            "3f1b2c9a-1a2b-4c3d-8e4f-5a6b7c8d9e0f",
            "Z2lkOi8vam9i",
            "a%20b",
            "a%2Fb",
            "%7Bid%7D",
            "{id}",
        ] {
            let path = filled(operation.path(), id);
            for path in [path.clone(), format!("{path}/")] {
                assert_eq!(find(operation.method(), &path), Some(operation), "{path}");
            }
        }
        assert_eq!(find_by_name("for", operation.name()).unwrap(), Some(operation));
    }
    assert!(all().len() > 300, "{} operations were found", all().len());
}

#[test]
fn every_path_has_one_template_and_every_operation_is_there_once() {
    let mut paths = Paths::default();
    let mut templates = BTreeMap::new();
    for operation in all() {
        let number = paths.plant(operation.path().into());
        let template = *templates.entry(number).or_insert(operation.path());
        assert_eq!(template, operation.path(), "these differ only in the names of their parameters");
    }
    let names: BTreeSet<_> = all().iter().map(Operation::name).collect();
    assert_eq!(names.len(), all().len());
}

#[test]
fn names_are_preferred_to_parameters() {
    let name = |method, path| find(method, path).map(Operation::name);
    assert_eq!(name("GET", "/users/me"), Some("GET /users/me"));
    assert_eq!(name("GET", "/users/mean"), Some("GET /users/{id}"));
    assert_eq!(name("GET", "/%75sers/me"), Some("GET /users/me"));
    assert_eq!(name("POST", "/candidates/cv"), Some("POST /candidates/cv"));
    assert_eq!(name("HEAD", "/jobs/1"), Some("GET /jobs/{id}"));
    for (method, path) in [
        ("DELETE", "/jobs"),
        ("OPTIONS", "/jobs"),
        ("GET", "/jobs/1/2"),
        ("GET", "/"),
        ("GET", ""),
        ("GET", "/JOBS"),
    ] {
        assert_eq!(name(method, path), None, "{method} {path}");
    }
}

#[test]
fn a_name_is_a_method_and_a_path() {
    let name = |text| find_by_name("operation", text).unwrap().map(Operation::name);
    assert_eq!(name("GET /jobs/{x}"), Some("GET /jobs/{id}"));
    assert_eq!(name("GET /jobs/123"), Some("GET /jobs/{id}"));
    assert_eq!(name("GET /elsewhere"), None);
    for text in [
        "",
        "GET",
        "/jobs",
        "get /jobs",
        "GET jobs",
        "GET  /jobs",
        "GET /jobs?limit=1",
        "GET /jobs#1",
        "GET //jobs",
        "GET /jobs ",
        "GET /a\\b",
        "GET /jobs\n",
        "G3T /jobs",
        "GET https://api.example.com/jobs",
    ] {
        let error = find_by_name("operation", text).unwrap_err();
        assert!(matches!(&error, Error::Configuration { field, .. } if field == "operation"), "{text}");
        assert!(error.to_string().contains("such as `GET /jobs/{id}`"));
    }
}

#[test]
fn a_json_patch_is_known_by_its_operation() {
    assert_eq!(json_type("PATCH", "/jobs/123"), "application/json-patch+json");
    assert_eq!(json_type("PATCH", "/candidates/123"), "application/json");
    assert_eq!(json_type("PATCH", "/elsewhere"), "application/json");
}

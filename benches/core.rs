//! What the core spends on one call before anything is sent, and after it has come back. `cargo bench`.
#![expect(clippy::unwrap_used, reason = "a benchmark that fails should stop")]

use bytes::Bytes;
use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::{Measurement as _, WallTime};
use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::FutureExt as _;
use http::{HeaderMap, Method, StatusCode};
use smartrecruiters::clock::{Clock as _, SystemClock};
use smartrecruiters::http::{
    Authorization, BaseUrl, Priority, Target, UntilEnd as _, read_error, request_headers,
};
use smartrecruiters::limit::{Connection, CredentialId, Endpoints, LimitHeaders, LimitOptions, Pacing};
use smartrecruiters::secret::Secret;
use smartrecruiters::token::AccessToken;
use tokio::runtime::Builder;

fn call(criterion: &mut Criterion) {
    let base = BaseUrl::parse("baseUrl", "https://api.smartrecruiters.com").unwrap();
    let pairs = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    let (none, id) = (Vec::new(), pairs("id", "3f1b2c9a-1a2b-4c3d-8e4f-5a6b7c8d9e0f"));
    let query = pairs("pageId", "/+++am9iczoyOjI1YTA3Njg0IA==");
    criterion.bench_function("target: a plain path", |bencher| {
        bencher.iter(|| Target::parse(&base, black_box("/jobs"), &none, &none).unwrap());
    });
    criterion.bench_function("target: a parameter and a query", |bencher| {
        bencher.iter(|| Target::parse(&base, black_box("/jobs/{id}"), &id, &query).unwrap());
    });
    let headers = pairs("x-custom", "value");
    criterion.bench_function("headers: one of the caller's", |bencher| {
        bencher.iter(|| request_headers(black_box(&headers)).unwrap());
    });
    let token = AccessToken {
        value: Secret::new("token"),
        scopes: Vec::new(),
        issued: SystemClock.now(),
        lifetime: Duration::from_secs(1800),
    };
    criterion.bench_function("token: how fresh", |bencher| {
        bencher.iter(|| black_box(&token).freshness(SystemClock.now(), Duration::from_secs(300)));
    });
    criterion.bench_function("endpoint of a path", |bencher| {
        let endpoints = Endpoints::documented();
        let path = "/candidates/3f1b2c/jobs/9a1b/attachments";
        let target = Target::parse(&base, path, &none, &none).unwrap();
        bencher.iter(|| endpoints.of(&Method::GET, black_box(&target)));
    });
    let target = Target::parse(&base, "/jobs", &none, &none).unwrap();
    let most = "10".parse::<http::HeaderValue>().unwrap();
    let names = ["limit", "remaining", "concurrent-limit", "concurrent-remaining"];
    let headers: HeaderMap = names
        .iter()
        .map(|name| (format!("x-ratelimit-{name}").parse::<http::HeaderName>().unwrap(), most.clone()))
        .collect();
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let _entered = runtime.enter();
    let pacing = Pacing::new(LimitOptions::default(), CredentialId::new(&[b"benchmark"])).unwrap();
    let request = || {
        let endpoint = pacing.endpoints().of(&Method::GET, black_box(&target));
        let permit = pacing.admit(&endpoint, Priority::Interactive, false).now_or_never();
        let mut permit = permit.unwrap().unwrap();
        permit.leaves();
        permit.answered(&LimitHeaders::read(&headers), Connection::Reused);
        permit.taken();
        permit.ended();
    };
    criterion.bench_function("limits: a request that need not wait", |bencher| {
        bencher.iter_custom(|times| {
            let (mut left, mut spent) = (times, Duration::ZERO);
            while left > 0 {
                // Not measured: a second passes, after which the window is empty.
                runtime.block_on(tokio::time::advance(Duration::from_secs(2)));
                let start = WallTime.start();
                (0..left.min(8)).for_each(|_| request());
                spent += WallTime.end(start);
                left = left.saturating_sub(8);
            }
            spent
        });
    });
    let body = Bytes::from_static(
        br#"{"message":"Permission denied","errors":[{"code":"PERMISSION_DENIED","message":"no scope"}]}"#,
    );
    criterion.bench_function("an error body", |bencher| {
        let authorization =
            Authorization::bearer(&Secret::new("eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl")).unwrap();
        bencher
            .iter(|| read_error(StatusCode::FORBIDDEN, &HeaderMap::new(), black_box(&body), &authorization));
    });
}

criterion_group!(benches, call);
criterion_main!(benches);

use std::sync::Arc;

use smartrecruiters::error::ErrorCode;
use smartrecruiters::secret::Secret;
use smartrecruiters::store::{RedisOptions, RedisStore, Store};

use super::servers::Server;
use super::{absence_is_told, contract, holds, no_answer_is_wrong, nothing_is_readable_in_files, served};

fn options(port: u16) -> RedisOptions {
    RedisOptions {
        url: Secret::new(format!("redis://:canary@127.0.0.1:{port}/0")),
        namespace: None,
        ca: None,
    }
}

async fn open(server: &Server) -> Arc<RedisStore> {
    let store = RedisStore::new(options(server.port)).unwrap();
    served(&store).await;
    Arc::new(store)
}

async fn admin(server: &Server) -> redis::aio::MultiplexedConnection {
    let url = format!("redis://:canary@127.0.0.1:{}/0", server.port);
    redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap()
}

#[tokio::test]
async fn redis_keeps_the_contract() {
    let server = Server::redis();
    let store = open(&server).await;
    contract::check(|| Arc::new(RedisStore::new(options(server.port)).unwrap())).await;
    assert!(store.load("a").await.unwrap().is_some());
    let other = RedisOptions { namespace: Some("other".into()), ..options(server.port) };
    assert_eq!(RedisStore::new(other).unwrap().load("a").await.unwrap(), None, "namespaces are apart");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_is_wrong_while_redis_restarts() {
    for signal in ["-TERM", "-KILL"] {
        let mut server = Server::redis();
        let store = open(&server).await;
        no_answer_is_wrong(store, || server.restart(signal)).await;
    }
}

#[tokio::test]
async fn nothing_is_readable_in_redis_files() {
    let server = Server::redis();
    nothing_is_readable_in_files(&*open(&server).await, &server.folder.0).await;
    let () = redis::cmd("SAVE").query_async(&mut admin(&server).await).await.unwrap();
    assert!(server.folder.0.join("dump.rdb").exists());
    assert!(!holds(&server.folder.0, b"sealed-canary"), "a token is in the clear");
}

#[tokio::test]
async fn redis_tells_what_puts_grants_at_risk() {
    let server = Server::redis();
    let store = open(&server).await;
    assert!(store.warnings().await.unwrap().is_empty());
    let mut admin = admin(&server).await;
    for (setting, value, word) in [
        ("maxmemory-policy", "allkeys-lru", "noeviction"),
        ("appendfsync", "everysec", "appendfsync is everysec"),
        ("appendonly", "no", "appendonly is no"),
    ] {
        let () =
            redis::cmd("CONFIG").arg("SET").arg(setting).arg(value).query_async(&mut admin).await.unwrap();
        let warnings = store.warnings().await.unwrap();
        assert!(warnings.iter().any(|warning| warning.contains(word)), "{warnings:?}");
    }
}

#[tokio::test]
async fn the_absence_of_redis_is_told_without_its_password() {
    // Port 9 of loopback (discard): nobody listens.
    absence_is_told(&RedisStore::new(options(9)).unwrap()).await;
    let server = Server::redis();
    open(&server).await;
    let wrong = Secret::new(format!("redis://user:canary2@127.0.0.1:{}/0", server.port));
    absence_is_told(&RedisStore::new(RedisOptions { url: wrong, ..options(9) }).unwrap()).await;
}

#[tokio::test]
async fn redis_is_believed_over_tls_with_a_certificate_that_is_trusted() {
    let (server, ca) = Server::redis_over_tls();
    let url = Secret::new(format!("rediss://:canary@127.0.0.1:{}/0", server.port));
    let trusting = RedisOptions { url: url.clone(), ca: Some(ca), ..options(9) };
    served(&RedisStore::new(trusting).unwrap()).await;
    absence_is_told(&RedisStore::new(RedisOptions { url, ..options(9) }).unwrap()).await;
}

#[test]
fn options_are_checked() {
    let refused = |options: RedisOptions| {
        let error = RedisStore::new(options).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Configuration);
        assert!(!format!("{error:?}").contains("canary"));
    };
    for url in ["", "canary", "http://canary@host", "redis://canary@host:99999999"] {
        refused(RedisOptions { url: Secret::new(url), ..options(9) });
    }
    refused(RedisOptions { namespace: Some("a b".into()), ..options(9) });
    refused(RedisOptions { ca: Some("canary".into()), ..options(9) });
}

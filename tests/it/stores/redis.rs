use std::sync::Arc;

use smartrecruiters::error::ErrorCode;
use smartrecruiters::secret::Secret;
use smartrecruiters::store::{NEVER, RedisOptions, RedisStore, Store, Swap};

use super::servers::Server;
use super::{absence_is_told, contract, holds, no_answer_is_wrong, nothing_is_readable_in_files, served};

fn options(port: u16) -> RedisOptions {
    RedisOptions {
        url: Secret::new(format!("redis://:canary@127.0.0.1:{port}/0")),
        namespace: None,
        ca: None,
        variables: smartrecruiters::environment::Variables::default(),
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
    let distrusting = RedisStore::new(RedisOptions { url, ..options(9) }).unwrap();
    absence_is_told(&distrusting).await;
    let error = distrusting.load("g").await.unwrap_err().to_string();
    let at = format!("the TLS connection to Redis at 127.0.0.1:{} failed: ", server.port);
    assert!(error.contains(&at) && error.contains("self-signed") && error.contains("`ca`"), "{error}");
}

#[tokio::test]
async fn redis_is_believed_by_the_certificate_that_openssl_makes_by_default() {
    let (server, ca) = Server::redis_over_tls_with_plain_certificate();
    let url = |host| Secret::new(format!("rediss://:canary@{host}:{}/0", server.port));
    let store =
        |host| RedisStore::new(RedisOptions { url: url(host), ca: Some(ca.clone()), ..options(9) }).unwrap();
    served(&store("localhost")).await;
    let error = store("127.0.0.1").load("g").await.unwrap_err().to_string();
    assert!(error.contains("is not for 127.0.0.1, but for localhost"), "{error}");
}

#[tokio::test]
async fn a_url_with_the_wrong_kind_of_connection_is_told_so() {
    let (server, ca) = Server::redis_over_tls();
    let url = Secret::new(format!("rediss://:canary@127.0.0.1:{}", server.port));
    served(&RedisStore::new(RedisOptions { url, ca: Some(ca), ..options(9) }).unwrap()).await;
    let error = RedisStore::new(options(server.port)).unwrap().load("g").await.unwrap_err().to_string();
    assert!(error.contains("`url` has to begin with rediss://"), "{error}");
    let plain = Server::redis();
    open(&plain).await;
    let url = Secret::new(format!("rediss://:canary@127.0.0.1:{}", plain.port));
    let store = RedisStore::new(RedisOptions { url, ..options(9) }).unwrap();
    let error = store.load("g").await.unwrap_err().to_string();
    assert!(error.contains("`url` has to begin with redis://"), "{error}");
}

#[tokio::test]
async fn redis_is_reached_by_a_socket_and_in_resp3_and_in_another_database() {
    let (server, socket) = Server::redis_by_socket();
    let url = Secret::new(format!("unix://{}?pass=canary&db=3&protocol=resp3", socket.display()));
    let store = RedisStore::new(RedisOptions { url, ..options(9) }).unwrap();
    served(&store).await;
    assert_eq!(store.swap("g", 0, b"bytes".to_vec(), NEVER).await.unwrap(), Swap::Won);
    assert_eq!(store.load("g").await.unwrap().unwrap().bytes, b"bytes");
    let connected = redis::Client::open(format!("redis+unix://{}?pass=canary&db=3", socket.display()));
    let mut admin = connected.unwrap().get_multiplexed_async_connection().await.unwrap();
    let size: usize = redis::cmd("DBSIZE").query_async(&mut admin).await.unwrap();
    assert_eq!(size, 3, "the record, the index and the schema");
    drop(server);
    let error = store.load("g").await.unwrap_err().to_string();
    assert!(error.contains("redis.sock"), "{error}");
}

#[tokio::test]
async fn an_idle_connection_that_the_server_closed_fails_no_swap() {
    let server = Server::redis();
    let store = open(&server).await;
    let mut admin = admin(&server).await;
    for version in 0..20 {
        let killed = redis::cmd("CLIENT").arg("KILL").arg("SKIPME").arg("yes").to_owned();
        let count: usize = killed.query_async(&mut admin).await.unwrap();
        assert_eq!(count, 1);
        // The end of the connection is here already; it is seen when this process next looks at its sockets.
        while store.load("g").await.is_err() {}
        assert_eq!(store.swap("g", version, b"bytes".to_vec(), NEVER).await.unwrap(), Swap::Won);
    }
}

#[tokio::test]
async fn redis_is_not_blamed_for_what_keeps_records_safe() {
    let server = Server::redis();
    let store = open(&server).await;
    let mut admin = admin(&server).await;
    for policy in ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "noeviction"] {
        let set = redis::cmd("CONFIG").arg("SET").arg("maxmemory-policy").arg(policy).to_owned();
        let () = set.query_async(&mut admin).await.unwrap();
        assert_eq!(store.warnings().await.unwrap(), Vec::<String>::new(), "{policy}");
    }
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

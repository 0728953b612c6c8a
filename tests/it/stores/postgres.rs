use std::sync::Arc;
use std::time::Duration;

use smartrecruiters::error::ErrorCode;
use smartrecruiters::secret::Secret;
use smartrecruiters::store::{PostgresOptions, PostgresStore, Store};

use super::servers::Server;
use super::{absence_is_told, contract, holds, no_answer_is_wrong, nothing_is_readable_in_files, served};

fn options(port: u16) -> PostgresOptions {
    PostgresOptions {
        url: Secret::new(format!("postgres://postgres:canary@127.0.0.1:{port}/postgres")),
        namespace: None,
        ca: None,
        connections: None,
    }
}

fn store(port: u16) -> Arc<PostgresStore> {
    Arc::new(PostgresStore::new(options(port)).unwrap())
}

/// A connection of another client, as soon as the server serves.
async fn admin(server: &Server) -> tokio_postgres::Client {
    let url = format!("postgres://postgres:canary@127.0.0.1:{}/postgres", server.port);
    for _ in 0..600 {
        if let Ok((client, connection)) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await {
            tokio::spawn(connection);
            return client;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("PostgreSQL does not serve");
}

#[tokio::test]
async fn postgres_keeps_the_contract() {
    let server = Server::postgres();
    admin(&server).await;
    contract::check(|| store(server.port)).await;
    let other = PostgresOptions { namespace: Some("other".into()), ..options(server.port) };
    assert_eq!(PostgresStore::new(other).unwrap().load("a").await.unwrap(), None, "namespaces are apart");
    assert!(store(server.port).warnings().await.unwrap().is_empty());
}

#[tokio::test]
async fn postgres_keeps_the_contract_behind_a_pooler_of_transactions() {
    let server = Server::postgres();
    admin(&server).await;
    let pooler = Server::pgbouncer(&server);
    admin(&pooler).await;
    contract::check(|| store(pooler.port)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_is_wrong_while_postgres_restarts() {
    // Fast shutdown, and what a crash leaves.
    for signal in ["-INT", "-QUIT"] {
        let mut server = Server::postgres();
        let store = store(server.port);
        served(&*store).await;
        no_answer_is_wrong(store, || server.restart(signal)).await;
    }
}

#[tokio::test]
async fn nothing_is_readable_in_postgres_files() {
    let server = Server::postgres();
    let store = store(server.port);
    served(&*store).await;
    nothing_is_readable_in_files(&*store, &server.folder.0).await;
    // From the log to the tables' own files.
    admin(&server).await.batch_execute("CHECKPOINT").await.unwrap();
    assert!(!holds(&server.folder.0, b"sealed-canary"), "a token is in the clear");
}

#[tokio::test]
async fn postgres_needs_no_more_rights_than_it_uses_and_tells_what_puts_grants_at_risk() {
    let server = Server::postgres();
    served(&*store(server.port)).await;
    let sql = "CREATE USER app PASSWORD 'canary';
               GRANT SELECT, INSERT, UPDATE, DELETE ON smartrecruiters_grants TO app;
               GRANT SELECT ON smartrecruiters_schema TO app;
               ALTER USER app SET synchronous_commit = off;
               ALTER USER app SET default_transaction_isolation = serializable";
    admin(&server).await.batch_execute(sql).await.unwrap();
    let app = || {
        let url = Secret::new(format!("postgres://app:canary@127.0.0.1:{}/postgres", server.port));
        Arc::new(PostgresStore::new(PostgresOptions { url, ..options(9) }).unwrap())
    };
    contract::check(|| app()).await;
    let warnings = app().warnings().await.unwrap();
    assert!(warnings.len() == 1 && warnings[0].contains("synchronous_commit"), "{warnings:?}");
}

#[tokio::test]
async fn the_absence_of_postgres_is_told_without_its_password() {
    // Port 9 of loopback (discard): nobody listens.
    absence_is_told(&*store(9)).await;
    let server = Server::postgres();
    admin(&server).await;
    let wrong = Secret::new(format!("postgres://postgres:canary2@127.0.0.1:{}/postgres", server.port));
    absence_is_told(&PostgresStore::new(PostgresOptions { url: wrong, ..options(9) }).unwrap()).await;
}

#[tokio::test]
async fn postgres_is_believed_over_tls_with_a_certificate_that_is_trusted() {
    let (server, ca) = Server::postgres_over_tls();
    let url = |mode: &str| {
        let port = server.port;
        Secret::new(format!("postgres://postgres:canary@127.0.0.1:{port}/postgres?sslmode={mode}"))
    };
    let trusting = PostgresOptions { url: url("require"), ca: Some(ca), ..options(9) };
    served(&PostgresStore::new(trusting).unwrap()).await;
    for mode in ["require", "prefer"] {
        let distrusting = PostgresOptions { url: url(mode), ..options(9) };
        absence_is_told(&PostgresStore::new(distrusting).unwrap()).await;
    }
}

#[test]
fn options_are_checked() {
    let refused = |options: PostgresOptions| {
        let error = PostgresStore::new(options).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Configuration);
        assert!(!format!("{error:?}").contains("canary"));
    };
    for url in
        ["", "canary", "http://canary@host", "postgres://canary@host/db?sslmode=canary", "postgres:///db"]
    {
        refused(PostgresOptions { url: Secret::new(url), ..options(9) });
    }
    refused(PostgresOptions { namespace: Some("a b".into()), ..options(9) });
    refused(PostgresOptions { ca: Some("canary".into()), ..options(9) });
    refused(PostgresOptions { connections: Some(0), ..options(9) });
}

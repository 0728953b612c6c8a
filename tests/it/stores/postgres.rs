use std::sync::Arc;
use std::time::Duration;

use smartrecruiters::environment::Variables;
use smartrecruiters::error::{Error, ErrorCode};
use smartrecruiters::secret::Secret;
use smartrecruiters::store::{PostgresOptions, PostgresStore, Store, Swap};

use super::failover::{Renewals, rounds};
use super::servers::Server;
use super::{
    absence_is_told, awaited, contract, count_failures, holds, no_answer_is_wrong,
    nothing_is_readable_in_files, served,
};

pub(super) fn options_of(url: &str) -> PostgresOptions {
    PostgresOptions {
        url: Secret::new(url),
        namespace: None,
        ca: None,
        connections: None,
        variables: Variables::default(),
    }
}

fn options(port: u16) -> PostgresOptions {
    options_of(&format!("postgres://postgres:canary@127.0.0.1:{port}/postgres"))
}

fn at(url: &str) -> Arc<PostgresStore> {
    Arc::new(PostgresStore::new(options_of(url)).unwrap())
}

fn address(server: &Server) -> String {
    format!("postgres://postgres:canary@127.0.0.1:{}/postgres", server.port)
}

fn store(port: u16) -> Arc<PostgresStore> {
    Arc::new(PostgresStore::new(options(port)).unwrap())
}

/// A connection of another client, as soon as the server serves.
pub(super) async fn admin(server: &Server) -> tokio_postgres::Client {
    let (client, connection) = awaited("PostgreSQL", async || {
        tokio_postgres::connect(&address(server), tokio_postgres::NoTls).await.ok()
    })
    .await;
    tokio::spawn(connection);
    client
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

/// The statements under a heading of `docs/stores.md`.
fn documented(heading: &str) -> String {
    let docs = include_str!("../../../docs/stores.md");
    let (_, section) = docs.split_once(heading).unwrap();
    let (_, code) = section.split_once("```sql\n").unwrap();
    code.split_once("```").unwrap().0.to_owned()
}

#[tokio::test]
async fn the_documented_statements_give_all_the_rights_that_postgres_needs() {
    let server = Server::postgres();
    let admin = admin(&server).await;
    let role = documented("### The role").replace("'choose a password'", "'canary'");
    for sql in [documented("### The tables"), role, documented("### The rights")] {
        admin.batch_execute(&sql).await.unwrap();
    }
    admin
        .batch_execute(
            "REVOKE ALL ON SCHEMA public FROM PUBLIC;
             GRANT USAGE ON SCHEMA public TO smartrecruiters;
             ALTER ROLE smartrecruiters SET synchronous_commit = off;
             ALTER ROLE smartrecruiters SET default_transaction_isolation = serializable",
        )
        .await
        .unwrap();
    let url = format!("postgres://smartrecruiters:canary@127.0.0.1:{}/postgres", server.port);
    contract::check(|| at(&url)).await;
    let warnings = at(&url).warnings().await.unwrap();
    assert!(warnings.len() == 1 && warnings[0].contains("synchronous_commit"), "{warnings:?}");
    let columns =
        "SELECT string_agg(format('%s %s %s %s', table_name, column_name, data_type, is_nullable), ','
                                     ORDER BY table_name, ordinal_position)
                   FROM information_schema.columns WHERE table_schema = $1";
    let indexes = "SELECT string_agg(replace(indexdef, schemaname || '.', ''), ',' ORDER BY indexname)
                   FROM pg_indexes WHERE schemaname = $1";
    admin.batch_execute("CREATE SCHEMA \"its own\"").await.unwrap();
    let own = format!("{}?schema=its%20own", address(&server));
    assert_eq!(at(&own).load("a").await.unwrap(), None, "another schema has other tables");
    admin.batch_execute("ALTER SCHEMA \"its own\" RENAME TO own").await.unwrap();
    for sql in [columns, indexes] {
        let [documented, own]: [String; 2] = [
            admin.query_one(sql, &[&"public"]).await.unwrap().get(0),
            admin.query_one(sql, &[&"own"]).await.unwrap().get(0),
        ];
        assert_eq!(documented, own, "the documented tables are those that the store makes");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn swaps_resume_when_postgres_was_read_only_for_a_while() {
    let server = Server::postgres();
    let store = store(server.port);
    served(&*store).await;
    let admin = admin(&server).await;
    let runtime = tokio::runtime::Handle::current();
    let watcher = Arc::clone(&store);
    count_failures(store, || {
        runtime.block_on(async {
            for value in ["on", "off"] {
                let sql = format!("ALTER SYSTEM SET default_transaction_read_only = {value}");
                admin.batch_execute(&sql).await.unwrap();
                admin.batch_execute("SELECT pg_reload_conf()").await.unwrap();
                if value == "on" {
                    failing(&*watcher).await;
                    let error = watcher.remove("nobody", 1).await.unwrap_err().to_string();
                    assert!(error.contains("accepts no writes"), "{error}");
                }
            }
        });
    })
    .await;
}

/// The primary dies, or is fenced off while connections to it stay open; its standby takes over. Twice;
/// `FAILOVERS=20` is what a release has to stand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_grant_is_lost_when_a_standby_is_promoted() {
    for round in 0..rounds(2) {
        let mut primary = Server::postgres();
        let admin = admin(&primary).await;
        let standby = Server::postgres_replica(&primary);
        let url = format!(
            "postgres://postgres:canary@127.0.0.1:{},127.0.0.1:{}/postgres?connect_timeout=3",
            standby.port, primary.port
        );
        // A swap is answered when the standby has it.
        admin.batch_execute("ALTER SYSTEM SET synchronous_standby_names = '*'").await.unwrap();
        admin.batch_execute("SELECT pg_reload_conf()").await.unwrap();
        let store: Arc<dyn Store> = at(&url);
        served(&*store).await;
        let renewals = Renewals::start(&store);
        renewals.go_on().await;
        if round % 2 == 0 {
            tokio::task::block_in_place(|| primary.stop("-QUIT"));
        } else {
            let sql = "ALTER SYSTEM SET default_transaction_read_only = on";
            admin.batch_execute(sql).await.unwrap();
            admin.batch_execute("SELECT pg_reload_conf()").await.unwrap();
        }
        failing(&*store).await;
        tokio::task::block_in_place(|| standby.promote());
        renewals.go_on().await;
        let figures = renewals.finish(&format!("PostgreSQL, failover {round}")).await;
        assert_eq!(figures.lost, 0, "{figures}");
    }
}

/// Waits until writes fail, as they do when the server is gone or can only read.
async fn failing(store: &dyn Store) {
    awaited("a write that fails", async || store.remove("nobody", 1).await.err()).await;
}

#[tokio::test]
async fn a_host_that_says_nothing_holds_the_store_for_a_moment_only() {
    let server = Server::postgres();
    admin(&server).await;
    // It accepts connections, and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let url = |hosts: &str| format!("postgres://postgres:canary@{hosts}/postgres?connect_timeout=2");
    let both = at(&url(&format!("127.0.0.1:{port},127.0.0.1:{}", server.port)));
    let load = tokio::time::timeout(Duration::from_secs(5), both.load("g"));
    assert_eq!(load.await.expect("the second host is asked").unwrap(), None);
    let alone = at(&url(&format!("127.0.0.1:{port}")));
    let load = tokio::time::timeout(Duration::from_secs(5), alone.load("g"));
    let error = load.await.expect("it is given up").unwrap_err().to_string();
    assert!(error.contains(&format!("127.0.0.1:{port} made no connection in time")), "{error}");
}

#[tokio::test]
async fn a_connection_that_falls_silent_is_replaced_by_one_to_another_host() {
    let server = Server::postgres();
    admin(&server).await;
    let relay = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = relay.local_addr().unwrap().port();
    let target = server.port;
    let (silence, silent) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = relay.accept().await {
            let mut silent = silent.clone();
            tokio::spawn(async move {
                let mut server = tokio::net::TcpStream::connect(("127.0.0.1", target)).await.unwrap();
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut client, &mut server) => return,
                    _ = silent.wait_for(|silent| *silent) => {}
                }
                // The connections stay open.
                std::future::pending::<()>().await;
            });
        }
    });
    let store = at(&format!(
        "postgres://postgres:canary@127.0.0.1:{port},127.0.0.1:{target}/postgres?connect_timeout=2&socket_timeout=1"
    ));
    assert_eq!(store.swap("g", 0, b"x".to_vec(), 1).await.unwrap(), Swap::Won);
    silence.send(true).unwrap();
    let error = store.swap("g", 1, b"y".to_vec(), 1).await.unwrap_err().to_string();
    assert!(error.contains(&format!("127.0.0.1:{port} did not answer in time")), "{error}");
    let swap = tokio::time::timeout(Duration::from_secs(5), store.swap("g", 1, b"y".to_vec(), 1));
    assert_eq!(swap.await.expect("the other host is asked").unwrap(), Swap::Won);
}

#[tokio::test]
async fn the_absence_of_postgres_is_told_without_its_password() {
    // Port 9 of loopback (discard): nobody listens.
    absence_is_told(&*store(9)).await;
    let server = Server::postgres();
    admin(&server).await;
    let wrong = format!("postgres://postgres:canary2@127.0.0.1:{}/postgres", server.port);
    absence_is_told(&*at(&wrong)).await;
}

#[tokio::test]
async fn each_refusal_of_postgres_names_its_place_its_remedy_and_its_cause() {
    let server = Server::postgres();
    let sql = "CREATE ROLE reader LOGIN PASSWORD 'canary';
               CREATE ROLE crowded LOGIN PASSWORD 'canary' CONNECTION LIMIT 0;
               ALTER ROLE postgres SET statement_timeout = 0";
    admin(&server).await.batch_execute(sql).await.unwrap();
    let port = server.port;
    for (user, rest, problem, cause) in [
        ("postgres:canary2", "postgres", "refuses the user or the password", "28P01"),
        ("nobody:canary", "postgres", "refuses the user or the password", "28P01"),
        ("postgres:canary", "absent", "does not have the database", "3D000"),
        ("postgres:canary", "postgres?schema=absent", "does not have the schema", "3F000"),
        ("reader:canary", "postgres", "docs/stores.md", "42501"),
        ("crowded:canary", "postgres", "too many connections", "53300"),
        ("postgres:canary", "postgres?sslmode=require", "sslmode", "does not support TLS"),
        ("postgres:canary", "postgres?options=-c%20statement_timeout=canary", "statement_timeout", "22023"),
    ] {
        let url = format!("postgres://{user}@127.0.0.1:{port}/{rest}");
        let error = at(&url).load("g").await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&format!("127.0.0.1:{port}")) && text.contains(problem), "{url}: {text}");
        assert!(cause_of(&error).contains(cause), "{url}: {}", cause_of(&error));
        assert!(!text.contains("canary@"), "{text}");
    }
    let error = store(9).load("g").await.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:9: it was refused"), "{error}");
    assert!(cause_of(&error).contains("refused"), "{}", cause_of(&error));
    let error = at("postgres://u:canary@absent.invalid/d").load("g").await.unwrap_err();
    assert!(error.to_string().contains("absent.invalid:5432"), "{error}");
    let error = at("postgres://u:canary@127.0.0.1:9,127.0.0.1:10/d").load("g").await.unwrap_err().to_string();
    assert!(
        error.contains("none of the 2 hosts") && error.contains(":9") && error.contains(":10"),
        "{error}"
    );
    let error = at("postgres://u:canary@%2Fabsent/d").load("g").await.unwrap_err().to_string();
    assert!(error.contains("no socket of PostgreSQL at /absent/.s.PGSQL.5432"), "{error}");
}

fn cause_of(error: &Error) -> String {
    match error {
        Error::Store { problem, .. } => problem.cause().unwrap().to_string(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn postgres_is_reached_by_its_socket_and_by_pairs() {
    let server = Server::postgres();
    admin(&server).await;
    let (folder, port) = (server.folder.0.display(), server.port);
    for url in [
        format!("postgres://postgres:canary@/postgres?host={folder}&port={port}&sslmode=require"),
        format!("host={folder} port={port} user=postgres password=canary dbname=postgres"),
        format!("host='127.0.0.1' port={port} user=postgres password='canary' dbname=postgres"),
    ] {
        assert_eq!(at(&url).load("g").await.unwrap(), None, "{url}");
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
    for query in
        ["sslrootcert=/absent/canary", "sslcert=/absent/canary", "sslcert=/dev/null&sslkey=/dev/null"]
    {
        refused(options_of(&format!("postgres://h/d?sslmode=require&{query}")));
    }
    refused(PostgresOptions { connections: Some(0), ..options(9) });
}

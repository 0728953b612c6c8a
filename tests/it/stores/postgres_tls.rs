use smartrecruiters::store::{PostgresOptions, PostgresStore, Store};

use super::postgres::{admin, options_of};
use super::servers::Server;
use super::{absence_is_told, awaited};

#[tokio::test]
async fn each_sslmode_believes_what_libpq_believes() {
    let (server, ca) = Server::postgres_over_tls();
    let (another, another_ca) = Server::postgres_over_tls();
    let admin = admin(&server).await;
    let file = server.folder.0.join("certificate").display().to_string();
    let other_file = another.folder.0.join("certificate").display().to_string();
    let open = |host: &str, query: &str, ca: Option<&str>| {
        let url = format!("postgres://postgres:canary@{host}:{}/postgres?{query}", server.port);
        PostgresStore::new(PostgresOptions { ca: ca.map(str::to_owned), ..options_of(&url) }).unwrap()
    };
    // The certificate is that of 127.0.0.1.
    let good = [
        ("127.0.0.1", "sslmode=prefer", None, true),
        ("127.0.0.1", "sslmode=allow", None, false),
        ("127.0.0.1", "sslmode=disable", None, false),
        ("127.0.0.1", "sslmode=require", None, true),
        ("localhost", "sslmode=require", Some(&*ca), true),
        ("localhost", "sslmode=verify-ca", Some(&*ca), true),
        ("127.0.0.1", "sslmode=verify-full", Some(&*ca), true),
        ("127.0.0.1", "", Some(&*ca), true),
        ("127.0.0.1", &*format!("sslmode=verify-full&sslrootcert={file}"), None, true),
        ("localhost", &*format!("sslmode=verify-ca&sslrootcert={file}"), None, true),
        // It is not believed, and TLS not demanded.
        ("127.0.0.1", "sslmode=prefer", Some(&*another_ca), false),
        ("127.0.0.1", "sslmode=require&channel_binding=require", None, true),
    ];
    for (number, (host, query, ca, is_encrypted)) in good.into_iter().enumerate() {
        let store = open(host, &format!("application_name=test{number}&{query}"), ca);
        assert_eq!(store.load("g").await.unwrap(), None, "{host} {query}");
        let sql = format!(
            "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
             WHERE application_name = 'test{number}'"
        );
        let encrypted: Option<bool> = admin.query_one(&sql, &[]).await.unwrap().get(0);
        assert_eq!(encrypted, Some(is_encrypted), "{host} {query}");
    }
    for (host, query, ca, problem) in [
        ("127.0.0.1", "sslmode=verify-ca", None, "the certificate of PostgreSQL at"),
        ("127.0.0.1", "sslmode=verify-full", None, "give it as `ca`"),
        ("127.0.0.1", "sslrootcert=system", None, "the certificate of PostgreSQL at"),
        ("127.0.0.1", "", Some(&*another_ca), "the certificate of PostgreSQL at"),
        ("127.0.0.1", "sslmode=require", Some(&*another_ca), "the certificate of PostgreSQL at"),
        ("127.0.0.1", &*format!("sslmode=require&sslrootcert={other_file}"), None, "the certificate"),
        ("localhost", "sslmode=verify-full", Some(&*ca), "is not for localhost, but for 127.0.0.1"),
    ] {
        let store = open(host, query, ca);
        absence_is_told(&store).await;
        let error = store.load("g").await.unwrap_err().to_string();
        assert!(error.contains(problem) && error.contains(host), "{query}: {error}");
    }
    // From now on the server demands TLS, or refuses it.
    for (rule, good, bad) in [
        ("hostssl", ["allow", "prefer", "require"], "disable"),
        ("hostnossl", ["allow", "prefer", "disable"], "require"),
    ] {
        server.allow(&format!("{rule} all all 127.0.0.1/32 scram-sha-256\n"));
        admin.batch_execute("SELECT pg_reload_conf()").await.unwrap();
        awaited("the new rule", async || {
            open("127.0.0.1", &format!("sslmode={bad}"), None).load("g").await.err()
        })
        .await;
        for mode in good {
            assert_eq!(
                open("127.0.0.1", &format!("sslmode={mode}"), None).load("g").await.unwrap(),
                None,
                "{mode}"
            );
        }
        let error =
            open("127.0.0.1", &format!("sslmode={bad}"), None).load("g").await.unwrap_err().to_string();
        assert!(error.contains("`sslmode`") && error.contains("pg_hba.conf"), "{error}");
    }
}

//! Servers that others wrote: each on a free port of loopback, with a folder of its own, until it is dropped.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::PATIENCE;

/// Where servers of tests may listen.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
/// What a server says, in its folder.
const LOG: &str = "log";

/// An empty folder in the system's place for temporary files.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let path = std::env::temp_dir().join(format!("smartrecruiters-{}-{number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A server may write while it ends.
        let _ = fs::remove_dir_all(&self.0).or_else(|_| fs::remove_dir_all(&self.0));
    }
}

/// What speaks Redis's protocol.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Redis,
    Valkey,
}

impl Kind {
    fn program(self) -> PathBuf {
        match self {
            Self::Redis => program("redis-server", "redis-server"),
            Self::Valkey => program("valkey-server", "valkey-server"),
        }
    }
}

/// A server process.
pub(super) struct Server {
    pub(super) port: u16,
    /// Where the nodes of a cluster talk to each other.
    pub(super) cluster_port: u16,
    command: Command,
    child: Child,
    pub(super) folder: Folder,
}

impl Server {
    /// Redis, as it has to be for grants: on the disk with each answer. Its password is `canary`.
    pub(super) fn redis() -> Self {
        Self::redis_with(Folder::new(), |command, port| {
            command.args(["--port", port]);
        })
    }

    /// The same with TLS alone, and its certificate.
    pub(super) fn redis_over_tls() -> (Self, String) {
        Self::redis_over_tls_with(certificate)
    }

    /// The same, with a certificate as `openssl req -x509` makes it by default.
    pub(super) fn redis_over_tls_with_plain_certificate() -> (Self, String) {
        Self::redis_over_tls_with(plain_certificate)
    }

    /// The same as [`Server::redis_over_tls`], as a node of a cluster that has no slots yet.
    pub(super) fn redis_of_a_cluster_over_tls() -> (Self, String) {
        let cluster_port = free_port().to_string();
        Self::redis_over_tls_and(certificate, |command| {
            command.args([
                "--cluster-enabled",
                "yes",
                "--tls-cluster",
                "yes",
                "--cluster-port",
                &cluster_port,
            ]);
        })
    }

    /// Makes a node over TLS the only master of its cluster.
    pub(super) fn take_all_slots(&self) {
        let mut command = Command::new(program("redis-cli", "redis-tools"));
        command
            .args(["--tls", "-p", &self.port.to_string(), "--cacert"])
            .arg(self.folder.0.join("certificate"));
        command.args(["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).env("REDISCLI_AUTH", "canary");
        assert!(quiet(&mut command).status().unwrap().success(), "redis-cli failed");
    }

    fn redis_over_tls_with(certificate: fn(&Path) -> (PathBuf, PathBuf)) -> (Self, String) {
        Self::redis_over_tls_and(certificate, |_| {})
    }

    fn redis_over_tls_and(
        certificate: fn(&Path) -> (PathBuf, PathBuf),
        settings: impl FnOnce(&mut Command),
    ) -> (Self, String) {
        let folder = Folder::new();
        let (certificate, key) = certificate(&folder.0);
        let server = Self::redis_with(folder, |command, port| {
            command.args(["--port", "0", "--tls-port", port, "--tls-auth-clients", "no"]);
            command.arg("--tls-cert-file").arg(&certificate).arg("--tls-ca-cert-file").arg(&certificate);
            command.arg("--tls-key-file").arg(&key);
            settings(command);
        });
        (server, fs::read_to_string(certificate).unwrap())
    }

    /// The same as [`Server::redis`], as a node of a cluster that has no slots yet.
    pub(super) fn redis_of_a_cluster() -> Self {
        Self::of_a_cluster(Kind::Redis)
    }

    /// A node of a cluster that has no slots yet.
    pub(super) fn of_a_cluster(kind: Kind) -> Self {
        let cluster_port = free_port();
        let mut server = Self::kind_with(kind, Folder::new(), |command, port| {
            command.args(["--port", port, "--cluster-enabled", "yes", "--cluster-port"]);
            command.arg(cluster_port.to_string()).args(["--cluster-node-timeout", "2000"]);
            command.args(["--masterauth", "canary", "--repl-diskless-sync-delay", "0"]);
        });
        server.cluster_port = cluster_port;
        server
    }

    /// The same as [`Server::redis`], ready to become another's replica.
    pub(super) fn redis_that_replicates() -> Self {
        Self::that_replicates(Kind::Redis)
    }

    /// A server that is ready to become another's replica.
    pub(super) fn that_replicates(kind: Kind) -> Self {
        Self::kind_with(kind, Folder::new(), |command, port| {
            command.args(["--port", port, "--masterauth", "canary", "--repl-diskless-sync-delay", "0"]);
        })
    }

    /// A Sentinel whose password is `sentry`, and which watches `primary` as the service `main` together with another.
    pub(super) fn sentinel(kind: Kind, primary: &Self) -> Self {
        let settings = "sentinel down-after-milliseconds main 2000\nsentinel failover-timeout main 6000\n";
        Self::sentinel_with(kind, primary, |port| format!("port {port}\n"), settings)
    }

    /// The same, which has seen as many failovers.
    pub(super) fn sentinel_after(failovers: u32, primary: &Self) -> Self {
        let settings = format!("sentinel config-epoch main {failovers}\n");
        Self::sentinel_with(Kind::Redis, primary, |port| format!("port {port}\n"), &settings)
    }

    /// The same with TLS alone, by the certificate of `primary`.
    pub(super) fn sentinel_over_tls(primary: &Self) -> Self {
        let [certificate, key] = ["certificate", "key"].map(|name| primary.folder.0.join(name));
        let (certificate, key) = (certificate.display(), key.display());
        let listen = |port| {
            format!(
                "port 0\ntls-port {port}\ntls-auth-clients no\ntls-replication yes\ntls-cert-file {certificate}\n\
                 tls-ca-cert-file {certificate}\ntls-key-file {key}\n"
            )
        };
        Self::sentinel_with(Kind::Redis, primary, listen, "")
    }

    fn sentinel_with(kind: Kind, primary: &Self, listen: impl FnOnce(u16) -> String, settings: &str) -> Self {
        let (folder, port) = (Folder::new(), free_port());
        let config = folder.0.join("sentinel.conf");
        let text = format!(
            "{}bind 127.0.0.1\nrequirepass sentry\nsentinel sentinel-pass sentry\n\
             sentinel monitor main 127.0.0.1 {} 2\nsentinel auth-pass main canary\n{settings}",
            listen(port),
            primary.port
        );
        fs::write(&config, text).unwrap();
        let mut command = Command::new(kind.program());
        command.arg(&config).arg("--sentinel").current_dir(&folder.0);
        Self::start(command, port, folder)
    }

    /// The same as [`Server::redis`], by a socket in its folder alone.
    pub(super) fn redis_by_socket() -> (Self, PathBuf) {
        let folder = Folder::new();
        let socket = folder.0.join("redis.sock");
        let server = Self::redis_with(folder, |command, _| {
            command.args(["--port", "0", "--unixsocket"]).arg(&socket);
        });
        (server, socket)
    }

    fn redis_with(folder: Folder, listen: impl FnOnce(&mut Command, &str)) -> Self {
        Self::kind_with(Kind::Redis, folder, listen)
    }

    fn kind_with(kind: Kind, folder: Folder, listen: impl FnOnce(&mut Command, &str)) -> Self {
        let port = free_port();
        let mut command = Command::new(kind.program());
        command.args(["--bind", "127.0.0.1", "--requirepass", "canary", "--appendonly", "yes"]);
        command.args(["--appendfsync", "always", "--save", "", "--dir"]).arg(&folder.0);
        listen(&mut command, &port.to_string());
        Self::start(command, port, folder)
    }

    /// PostgreSQL with a user `postgres` whose password is `canary`.
    pub(super) fn postgres() -> Self {
        Self::postgres_with(Folder::new(), |_| {})
    }

    /// The same with TLS, and its certificate.
    pub(super) fn postgres_over_tls() -> (Self, String) {
        let folder = Folder::new();
        let (certificate, key) = certificate(&folder.0);
        let server = Self::postgres_with(folder, |command| {
            command.args(["-c", "ssl=on", "-c", &format!("ssl_cert_file={}", certificate.display())]);
            command.args(["-c", &format!("ssl_key_file={}", key.display())]);
        });
        (server, fs::read_to_string(certificate).unwrap())
    }

    /// A hot standby of `primary`, which streams what that one writes.
    pub(super) fn postgres_replica(primary: &Self) -> Self {
        let (folder, port) = (Folder::new(), free_port());
        let data = folder.0.join("data");
        give_away(&folder.0);
        let mut backup = unprivileged(&program("pg_basebackup", "postgresql"));
        backup.args([
            "-h",
            "127.0.0.1",
            "-p",
            &primary.port.to_string(),
            "-U",
            "postgres",
            "-R",
            "-X",
            "stream",
        ]);
        backup.args(["--checkpoint=fast", "--no-sync", "-D"]).arg(&data).env("PGPASSWORD", "canary");
        assert!(quiet(&mut backup).status().unwrap().success(), "pg_basebackup failed");
        Self::start(postgres(port, &folder), port, folder)
    }

    /// Lets a standby take writes, and returns when it does.
    pub(super) fn promote(&self) {
        let mut command = unprivileged(&program("pg_ctl", "postgresql"));
        command.args(["promote", "-w", "-D"]).arg(self.folder.0.join("data"));
        assert!(quiet(&mut command).status().unwrap().success(), "pg_ctl promote failed");
    }

    /// Replaces `pg_hba.conf`, which says who may connect and how; in force once the server reloads it.
    pub(super) fn allow(&self, lines: &str) {
        fs::write(self.folder.0.join("data/pg_hba.conf"), lines).unwrap();
    }

    fn postgres_with(folder: Folder, settings: impl FnOnce(&mut Command)) -> Self {
        let port = free_port();
        let (data, password) = (folder.0.join("data"), folder.0.join("password"));
        fs::write(&password, "canary").unwrap();
        give_away(&folder.0);
        let mut initdb = unprivileged(&program("initdb", "postgresql"));
        initdb.args(["--username=postgres", "--auth=scram-sha-256", "--no-sync", "--encoding=SQL_ASCII"]);
        initdb.args(["--locale=C", "--pwfile"]).arg(&password).arg("-D").arg(&data);
        assert!(quiet(&mut initdb).status().unwrap().success(), "initdb failed");
        let mut command = postgres(port, &folder);
        settings(&mut command);
        Self::start(command, port, folder)
    }

    /// PgBouncer in front of `postgres`, in transaction mode.
    pub(super) fn pgbouncer(postgres: &Self) -> Self {
        let (folder, port) = (Folder::new(), free_port());
        let (config, users) = (folder.0.join("pgbouncer.ini"), folder.0.join("users"));
        fs::write(&users, "\"postgres\" \"canary\"").unwrap();
        let text = format!(
            "[databases]\npostgres = host=127.0.0.1 port={} user=postgres password=canary\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = plain\nauth_file = {}\npool_mode = transaction\ndefault_pool_size = 3\n",
            postgres.port,
            users.display()
        );
        fs::write(&config, text).unwrap();
        give_away(&folder.0);
        let mut command = unprivileged(&program("pgbouncer", "pgbouncer"));
        command.arg(&config);
        Self::start(command, port, folder)
    }

    fn start(mut command: Command, port: u16, folder: Folder) -> Self {
        let log = fs::File::create(folder.0.join(LOG)).unwrap();
        command.stdin(Stdio::null()).stderr(log.try_clone().unwrap()).stdout(log);
        let child = command.spawn().unwrap();
        Self { port, cluster_port: 0, command, child, folder }
    }

    /// Ends it by a signal, and starts it again where it was.
    pub(super) fn restart(&mut self, signal: &str) {
        self.stop(signal);
        self.child = self.command.spawn().unwrap();
    }

    /// Sends it a signal.
    pub(super) fn signal(&self, signal: &str) {
        let _ = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
    }

    fn program(&self) -> std::path::Display<'_> {
        Path::new(self.command.get_program()).display()
    }

    /// Ends it by a signal.
    #[expect(
        clippy::disallowed_methods,
        reason = "a server that does not end must not hold up the test for ever"
    )]
    pub(super) fn stop(&mut self, signal: &str) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            // Its number may be another process's by now.
            return;
        }
        self.signal(signal);
        // One that stands still hears of it only when it goes on.
        self.signal("-CONT");
        let began = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if began.elapsed() > PATIENCE {
                self.signal("-KILL");
                let _ = self.child.wait();
                panic!("{} did not end upon {signal}", self.program());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    /// For all of them: without waiting for clients.
    #[expect(clippy::print_stderr, reason = "why a test failed may be known to its servers alone")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read(self.folder.0.join(LOG)).unwrap_or_default();
            let log = String::from_utf8_lossy(&log);
            eprintln!("{} at port {}:\n{}", self.program(), self.port, last_lines(&log, 12));
            self.signal("-KILL");
        }
        self.stop("-INT");
    }
}

/// Its socket is in its folder.
fn postgres(port: u16, folder: &Folder) -> Command {
    let mut command = unprivileged(&program("postgres", "postgresql"));
    command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k"]).arg(&folder.0);
    command.arg("-D").arg(folder.0.join("data"));
    command
}

/// A certificate of 127.0.0.1, signed by its own key, and that key.
fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let [config, certificate, key] = ["openssl.cnf", "certificate", "key"].map(|name| folder.join(name));
    let text = "[req]\ndistinguished_name = name\nx509_extensions = extensions\n[name]\n\
                [extensions]\nbasicConstraints = critical,CA:FALSE\nsubjectAltName = IP:127.0.0.1\n";
    fs::write(&config, text).unwrap();
    let mut command = Command::new(program("openssl", "openssl"));
    command.args([
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test", "-config",
    ]);
    command.arg(config).arg("-out").arg(&certificate).arg("-keyout").arg(&key);
    assert!(quiet(&mut command).status().unwrap().success(), "openssl failed");
    (certificate, key)
}

/// A certificate of localhost as administrators make it: it may issue others, and names its host as common name alone.
fn plain_certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let [certificate, key] = ["certificate", "key"].map(|name| folder.join(name));
    let mut command = Command::new(program("openssl", "openssl"));
    command.args(["req", "-new", "-x509", "-days", "2", "-nodes", "-subj", "/CN=localhost"]);
    command.arg("-out").arg(&certificate).arg("-keyout").arg(&key);
    assert!(quiet(&mut command).status().unwrap().success(), "openssl failed");
    (certificate, key)
}

/// A port that no other server of this process was given. It is below those that systems give to outgoing connections:
/// one of these would take the port of a server that is about to be started again.
fn free_port() -> u16 {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id().wrapping_mul(997).wrapping_add(TRIED.fetch_add(1, Ordering::SeqCst));
        let port = PORTS.start + u16::try_from(next % u32::from(PORTS.end - PORTS.start)).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// What `text` ends with, of so many lines at most.
fn last_lines(text: &str, count: usize) -> &str {
    text.trim_end().rmatch_indices('\n').nth(count - 1).map_or(text, |(at, _)| &text[at + 1..])
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

/// Where `name` is; if nowhere, it is installed by Debian's package manager where that may be. Tests that do so at
/// once take turns: the package manager waits for others when it installs, but not when it updates its lists.
fn program(name: &str, package: &str) -> PathBuf {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _installing = INSTALLING.lock();
    let install = format!("apt-get update && apt-get install -y --no-install-recommends {package}");
    if find(name).is_none() && is_root() {
        let install = format!("{install} || {}", BACKPORTS.replace("PACKAGE", package));
        let waiting = install.replace("apt-get", "apt-get -o DPkg::Lock::Timeout=120");
        let mut command = Command::new("flock");
        command.args(["--timeout", "300", "/var/lib/apt", "sh", "-c", &waiting]);
        // The package's own server is not wanted, nor are questions.
        command.envs([("RUNLEVEL", "1"), ("DEBIAN_FRONTEND", "noninteractive")]);
        // What is missing then is said below.
        let _ = quiet(&mut command).status();
    }
    find(name).unwrap_or_else(|| panic!("{name} is not there, and these tests need it: {install}"))
}

/// Installs what this release of Debian has among its backports only, as Debian 12 has Valkey. The lists of packages that
/// others use stay as they are.
const BACKPORTS: &str = "( . /etc/os-release && d=$(mktemp -d) && cd /etc/apt/sources.list.d && cp debian.sources $d && \
     sed \"/^$/Q; s/^Suites:.*/Suites: $VERSION_CODENAME-backports/\" debian.sources > $d/backports.sources && \
     mkdir -p $d/lists/partial && options=\"-o Dir::Etc::sourceparts=$d -o Dir::State::lists=$d/lists\" && \
     apt-get $options update && apt-get $options install -y --no-install-recommends PACKAGE )";

fn find(name: &str) -> Option<PathBuf> {
    // Debian keeps PostgreSQL's programs out of the way.
    let script = format!(
        "for f in /usr/lib/postgresql/*/bin; do PATH=$PATH:$f; done; PATH=$PATH:/usr/sbin; command -v {name}"
    );
    let found = Command::new("sh").args(["-c", &script]).output().unwrap();
    found.status.success().then(|| String::from_utf8(found.stdout).unwrap().trim().into())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}

/// PostgreSQL and PgBouncer refuse to be root.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(program).current_dir("/");
    command
}

/// To the user that [`unprivileged`] takes.
fn give_away(folder: &Path) {
    if is_root() {
        assert!(Command::new("chown").args(["-R", "nobody:nogroup"]).arg(folder).status().unwrap().success());
    }
}

//! A PostgreSQL server for the tests.
//!
//! The first test that asks starts one cluster, and all test processes of the same build share it. A small shell script
//! watches a lock file that each of them holds, stops the server when nobody has held it for a while, and removes its data:
//! also after a test was killed.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

/// `$1` the lock file, `$2` the file with the socket's folder, `$3` that folder; the rest is the server's command.
const WATCH: &str = r#"
users=$1; address=$2; dir=$3; shift 3
"$@" &
idle=0
while sleep 1; do
    [ -f "$dir/data/postmaster.pid" ] || break
    if flock -n -x "$users" true; then idle=$((idle + 1)); else idle=0; fi
    if [ $idle -ge 5 ] && flock -n -x "$users" rm -f "$address"; then break; fi
done
kill -INT "$(head -n 1 "$dir/data/postmaster.pid")"
wait
rm -rf "$dir"
"#;

/// A URL for a new, empty schema, or `None` where there is no PostgreSQL on this machine.
///
/// # Panics
///
/// Where `CI` is `true` and there is none.
pub(crate) async fn new_schema() -> Option<String> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let folder = match cluster() {
        Ok(folder) => folder,
        Err(why) => {
            assert!(
                env::var("CI").as_deref() != Ok("true"),
                "no PostgreSQL: {why}"
            );
            println!("skipped: {why}");
            return None;
        }
    };
    let schema = format!(
        "t{}_{}",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    );
    execute(&url(folder), &format!("CREATE SCHEMA {schema}")).await;
    Some(format!(
        "{}?options=-c%20search_path%3D{schema}",
        url(folder)
    ))
}

/// Runs SQL where the URL points to.
pub(crate) async fn execute(url: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
}

fn url(folder: &Path) -> String {
    let host = folder.display().to_string().replace('/', "%2F");
    format!("postgresql://postgres@{host}/postgres")
}

/// The folder with the socket of the running cluster.
fn cluster() -> Result<&'static Path, String> {
    static CLUSTER: OnceLock<Result<(PathBuf, File), String>> = OnceLock::new();
    let started = CLUSTER.get_or_init(|| join_cluster().map_err(|error| error.to_string()));
    match started {
        Ok((folder, _in_use)) => Ok(folder),
        Err(why) => Err(why.clone()),
    }
}

/// Finds the running cluster or starts one; the file is the lock that says it is in use.
fn join_cluster() -> io::Result<(PathBuf, File)> {
    let binaries = find_binaries()?;
    let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join("postgres");
    fs::create_dir_all(&state)?;
    let in_use = lock(&state.join("users.lock"), FlockOperation::LockShared)?;
    let _starting = lock(&state.join("start.lock"), FlockOperation::LockExclusive)?;
    let address = state.join("address");
    if let Ok(folder) = fs::read_to_string(&address).map(PathBuf::from)
        && is_up(&folder)
    {
        return Ok((folder, in_use));
    }
    let folder = start(&binaries, &state)?;
    fs::write(&address, folder.display().to_string())?;
    Ok((folder, in_use))
}

fn lock(path: &Path, operation: FlockOperation) -> io::Result<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    flock(&file, operation)?;
    Ok(file)
}

fn is_up(folder: &Path) -> bool {
    UnixStream::connect(folder.join(".s.PGSQL.5432")).is_ok()
}

/// The folder of `initdb` and `postgres`: from the path, or the newest of Debian's.
fn find_binaries() -> io::Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        let mut versions: Vec<PathBuf> = versions.flatten().map(|entry| entry.path()).collect();
        versions.sort();
        folders.extend(
            versions
                .into_iter()
                .rev()
                .map(|version| version.join("bin")),
        );
    }
    folders
        .into_iter()
        .find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
        .ok_or_else(|| io::Error::other("initdb and postgres are not installed"))
}

fn start(binaries: &Path, state: &Path) -> io::Result<PathBuf> {
    // Not below the target folder: the server's user may not be allowed there, and a socket's path must be short.
    let folder = tempfile::Builder::new()
        .prefix("labeld-postgres-")
        .tempdir()?
        .keep();
    let owner = server_user(&folder)?;
    make_data(binaries, owner, &folder)?;
    watch(&folder, state, &server(binaries, owner, &folder))?;
    for _ in 0..300 {
        if is_up(&folder) && accepts(&folder) {
            return Ok(folder);
        }
        sleep(Duration::from_millis(100));
    }
    let mut log = String::new();
    File::open(state.join("log"))?.read_to_string(&mut log)?;
    Err(io::Error::other(format!(
        "PostgreSQL does not start: {log}"
    )))
}

fn make_data(binaries: &Path, owner: Option<&str>, folder: &Path) -> io::Result<()> {
    let mut initdb = as_user(owner, &binaries.join("initdb"));
    initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]);
    initdb.args(["--locale=C", "-D"]).arg(folder.join("data"));
    run(initdb.current_dir(folder))
}

/// PostgreSQL does not run as root: then its data belong to the user `postgres`.
fn server_user(folder: &Path) -> io::Result<Option<&'static str>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    run(Command::new("chown").arg("postgres").arg(folder))?;
    Ok(Some("postgres"))
}

fn as_user(user: Option<&str>, program: &Path) -> Command {
    let Some(user) = user else {
        return Command::new(program);
    };
    let mut command = Command::new("runuser");
    command.args(["-u", user, "--"]).arg(program);
    command
}

fn server(binaries: &Path, owner: Option<&str>, folder: &Path) -> Command {
    let mut server = as_user(owner, &binaries.join("postgres"));
    server.arg("-D").arg(folder.join("data"));
    server.arg("-k").arg(folder);
    for setting in [
        "listen_addresses=",
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "max_connections=200",
    ] {
        server.args(["-c", setting]);
    }
    server
}

/// Starts the server under the script that stops it, in a process group that no Ctrl-C of the test run reaches.
fn watch(folder: &Path, state: &Path, server: &Command) -> io::Result<()> {
    let log = File::create(state.join("log"))?;
    Command::new("sh")
        .args(["-c", WATCH, "watch"])
        .arg(state.join("users.lock"))
        .arg(state.join("address"))
        .arg(folder)
        .arg(server.get_program())
        .args(server.get_args())
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .spawn()?;
    Ok(())
}

/// Whether the server takes logins: its socket is there a little earlier.
fn accepts(folder: &Path) -> bool {
    let mut config: tokio_postgres::Config = match url(folder).parse() {
        Ok(config) => config,
        Err(_) => return false,
    };
    config.connect_timeout(Duration::from_secs(5));
    let attempt = std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .is_ok_and(|runtime| {
                runtime
                    .block_on(config.connect(tokio_postgres::NoTls))
                    .is_ok()
            })
    });
    attempt.join().unwrap_or(false)
}

fn run(command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    )))
}

/// A server of its own, that a test can stop and start again.
#[derive(Debug)]
pub(crate) struct PrivateCluster {
    binaries: PathBuf,
    folder: tempfile::TempDir,
    owner: Option<&'static str>,
    /// Held as long as the server may run: it is stopped when the test is gone, however that ended.
    _in_use: File,
}

/// `$1` the lock file, `$2` the folder; the rest is the server's command. Ends with the server.
const WATCH_PRIVATE: &str = r#"
users=$1; dir=$2; shift 2
"$@" &
while sleep 0.2; do
    [ -d /proc/$! ] || exit 0
    if flock -n -x "$users" true; then break; fi
done
kill -QUIT "$(head -n 1 "$dir/data/postmaster.pid")"
wait
rm -rf "$dir"
"#;

impl PrivateCluster {
    /// A running server with an empty database, or `None` where there is no PostgreSQL on this machine.
    pub(crate) fn start() -> Option<Self> {
        let binaries = match find_binaries() {
            Ok(binaries) => binaries,
            Err(why) => {
                assert!(
                    env::var("CI").as_deref() != Ok("true"),
                    "no PostgreSQL: {why}"
                );
                println!("skipped: {why}");
                return None;
            }
        };
        let folder = tempfile::Builder::new()
            .prefix("labeld-postgres-")
            .tempdir()
            .unwrap();
        let owner = server_user(folder.path()).unwrap();
        make_data(&binaries, owner, folder.path()).unwrap();
        let in_use = lock(
            &folder.path().join("users.lock"),
            FlockOperation::LockShared,
        )
        .unwrap();
        let cluster = Self {
            binaries,
            folder,
            owner,
            _in_use: in_use,
        };
        cluster.start_again();
        Some(cluster)
    }

    /// A URL of its database.
    pub(crate) fn url(&self) -> String {
        url(self.folder.path())
    }

    /// Starts the stopped server, and waits until it takes logins.
    pub(crate) fn start_again(&self) {
        let folder = self.folder.path();
        let log = File::create(folder.join("log")).unwrap();
        let mut server = server(&self.binaries, self.owner, folder);
        // What was committed is to outlive a crash of the server, if not one of the machine.
        server.args(["-c", "synchronous_commit=on"]);
        // Ends with the server, and is waited for by nobody: the test only cares that the server is there or gone.
        #[allow(
            clippy::zombie_processes,
            reason = "it may outlive the test that started it"
        )]
        Command::new("sh")
            .args(["-c", WATCH_PRIVATE, "watch"])
            .arg(folder.join("users.lock"))
            .arg(folder)
            .arg(server.get_program())
            .args(server.get_args())
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap();
        wait_until(
            || is_up(folder) && accepts(folder),
            "the server takes logins",
        );
    }

    /// Ends the server as a crash does, in the middle of whatever it does.
    pub(crate) fn crash(&self) {
        self.signal("-QUIT");
    }

    /// Ends the server as an administrator does: connections are cut, what they have not committed is undone.
    pub(crate) fn stop(&self) {
        self.signal("-INT");
    }

    fn signal(&self, signal: &str) {
        let pid_file = self.folder.path().join("data/postmaster.pid");
        let text = fs::read_to_string(&pid_file).unwrap();
        let pid = text.lines().next().unwrap().to_owned();
        run(Command::new("kill").args([signal, &pid])).unwrap();
        wait_until(
            || !Path::new("/proc").join(&pid).exists(),
            "the server has ended",
        );
    }
}

fn wait_until(mut is_so: impl FnMut() -> bool, what: &str) {
    for _ in 0..600 {
        if is_so() {
            return;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("waited in vain until {what}");
}

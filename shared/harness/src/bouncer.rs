//! PgBouncer in front of a database.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::{free_port, needs, until};

/// A pooler that is ended when this is dropped.
#[derive(Debug)]
pub struct Bouncer {
    child: Child,
    url: String,
    _folder: TempDir,
}

impl Bouncer {
    /// PgBouncer in this `pool_mode`, with two sessions for all its clients, in front of
    /// `postgres://USER@HOST:PORT/NAME`. Its program is at the path in `TEST_PGBOUNCER`.
    ///
    /// # Panics
    /// If that variable is not set, or PgBouncer does not start.
    pub async fn start(database: &str, mode: &str) -> Self {
        let binary = needs("TEST_PGBOUNCER");
        let (user, rest) = database.split_once('@').expect("a user");
        let (server, name) = rest.split_once('/').expect("a database");
        let (host, port) = server.split_once(':').expect("a port");
        let name = name.split('?').next().unwrap_or_default();
        let user = user.rsplit('/').next().unwrap_or_default();
        let own = free_port();

        let folder = tempfile::tempdir().expect("a temporary folder");
        let readable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path(), readable).expect("it is ours");
        let (users, settings) = (folder.path().join("users"), folder.path().join("settings"));
        fs::write(&users, format!("\"{user}\" \"\"\n")).expect("the folder is ours");
        let text = format!(
            "[databases]\n* = host={host} port={port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {own}\nauth_type = trust\nauth_file = {}\npool_mode = {mode}\n\
             default_pool_size = 2\nunix_socket_dir =\n",
            users.display()
        );
        fs::write(&settings, text).expect("the folder is ours");
        let mut command = Command::new(binary);
        command.arg(&settings).stdout(Stdio::null()).stderr(Stdio::null());
        // It refuses to run as root.
        if id("-u", "") == Some(0)
            && let Some((user, group)) = id("-u", "postgres").zip(id("-g", "postgres"))
        {
            command.uid(user).gid(group);
        }
        let child = command.spawn().expect("PgBouncer starts");
        until("PgBouncer listens", || async {
            TcpStream::connect(("127.0.0.1", own)).await.is_ok()
        })
        .await;
        let url = format!("postgres://{user}@127.0.0.1:{own}/{name}?sslmode=disable");
        Self { child, url, _folder: folder }
    }

    /// The database behind it.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        // If these fail, it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What `id` says of a user, or of this one.
fn id(what: &str, user: &str) -> Option<u32> {
    let output =
        Command::new("id").arg(what).args(Some(user).filter(|user| !user.is_empty())).output();
    String::from_utf8(output.ok()?.stdout).ok()?.trim().parse().ok()
}

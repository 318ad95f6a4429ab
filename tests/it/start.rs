//! How a hub begins: what it says, and what it says when it cannot.

use crate::support::TestServer;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

#[tokio::test]
async fn the_banner_says_where_everything_is_and_how_to_begin() {
    let hub = TestServer::builder()
        .alone()
        .with("bootstrap.email", "")
        .with("bootstrap.password", "")
        .start()
        .await;
    let url = hub.url("");
    for line in [
        format!("Dashboard  {url}\n"),
        format!("API        {url}/api/v1"),
        format!("WebSocket  ws://{}/ws/{{workspace}}\n", hub.address),
        "Metrics    off".to_owned(),
        format!("    {url}/setup#"),
        "admin create --email".to_owned(),
    ] {
        assert!(hub.banner.contains(&line), "{line} in {}", hub.banner);
    }
}

#[tokio::test]
async fn a_taken_port_is_told_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for (section, setting) in [("server", "SERVER"), ("metrics", "METRICS")] {
        let hub = TestServer::builder().on_sqlite();
        let hub = hub.with(&format!("{section}.port"), port);
        let output = hub.command(&["serve"]).output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        for part in [
            format!("127.0.0.1:{port}"),
            format!("GENERIC_CORP__{setting}__PORT="),
        ] {
            assert!(said.contains(&part), "{part} in {said}");
        }
    }
}

#[tokio::test]
async fn its_files_are_for_its_own_user() {
    let hub = TestServer::builder().on_sqlite().start().await;
    hub.agent("bot").await.say("lobby", "hello").await;
    for end in ["", "-wal", "-shm"] {
        let mut path = hub.database().into_os_string();
        path.push(end);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path:?}");
    }
}

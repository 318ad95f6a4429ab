//! `token`, `health`, `config check` and `admin`; and that no secret shows anywhere.

use super::{client, run, run_with_input};
use crate::support::database::is_postgres;
use crate::support::server::{EMAIL, PASSWORD};
use crate::support::{Received, TestServer, eventually};
use generic_corp_protocol::frame::HistoryPage;
use generic_corp_protocol::{ErrorCode, ServerFrame};
use serde_json::{Value, json};

#[tokio::test]
async fn a_token_is_printed_alone_and_says_whose_it_is() {
    let hub = TestServer::start().await;
    let token = |password: &str| {
        let mut command = client(&hub, "", &["token", "--email", EMAIL]);
        command.env("GENERIC_CORP_PASSWORD", password);
        command
    };
    let ended = run(&mut token(PASSWORD)).await;
    assert!(
        ended
            .err
            .starts_with("signed in as ada; the token ends at "),
        "{ended:?}"
    );
    let printed = ended.good();
    let secret = printed.trim_end();
    assert_eq!(printed, format!("{secret}\n"));
    let _: Value = hub.anybody().with_token(secret).get("/me").await.ok();
    let who = run(&mut client(&hub, secret, &["token", "--check"]))
        .await
        .good();
    assert_eq!(who, format!("user ada <{EMAIL}>\n  main/main  as owner\n"));
    let who = run(&mut client(
        &hub,
        &hub.key("bot").await,
        &["token", "--check"],
    ))
    .await
    .good();
    assert_eq!(who, "agent bot\n  main/main  as agent\n");

    let said = run(&mut token("wrong horse battery")).await.failed();
    assert!(said.contains("invalid_credentials"), "{said}");
    let said = run(&mut client(&hub, "gck_nobody", &["token", "--check"]))
        .await
        .failed();
    assert!(said.contains("invalid_token"), "{said}");
    let said = run(&mut client(&hub, "", &["token", "--email", EMAIL]))
        .await
        .failed();
    assert!(
        said.contains("GENERIC_CORP_PASSWORD"),
        "no terminal to ask on: {said}"
    );
}

#[tokio::test]
async fn health_is_the_exit_status() {
    let mut hub = TestServer::builder()
        .alone()
        .with_fixed_port()
        .with("server.drain_seconds", 30)
        .start()
        .await;
    let said = run(&mut client(&hub, "", &["health"])).await.good();
    assert!(
        said.starts_with("ok (version ") && said.ends_with(", node test)\n"),
        "{said}"
    );
    assert_eq!(
        run(&mut client(&hub, "", &["health", "--quiet"]))
            .await
            .good(),
        ""
    );
    let mut socket = hub.agent("bot").await;
    hub.terminate();
    crate::support::eventually("the hub drains", async || {
        let ended = run(&mut client(&hub, "", &["health"])).await;
        (ended.code == Some(1)).then(|| assert!(ended.failed().contains("it drains")))
    })
    .await;
    socket.close().await;
    hub.kill().await;
    let said = run(&mut client(&hub, "", &["health"])).await.failed();
    assert!(
        said.contains("cannot reach the hub at http://127.0.0.1:"),
        "{said}"
    );
}

#[tokio::test]
async fn config_check_names_every_fault_at_once() {
    let hub = TestServer::start().await;
    let good = run(&mut hub.command(&["config", "check"])).await.good();
    assert!(good.ends_with("the settings are good\n"));
    assert!(!good.contains(PASSWORD), "secrets are masked");

    let mut wrong = hub.command(&["config", "check"]);
    wrong
        .env("GENERIC_CORP__SERVER__WORKERS", "65")
        .env("GENERIC_CORP__DATABASE__URL", "mysql:x")
        .env("GENERIC_CORP__AUTH__SECRET", "hunter2");
    let ended = run(&mut wrong).await;
    assert_eq!(ended.code, Some(1));
    for key in ["server.workers", "database.url", "auth.secret"] {
        assert!(ended.err.contains(&format!("\n  {key}: ")), "{}", ended.err);
    }
    assert!(!ended.err.contains("hunter2"));

    let file = hub.folder().join("hub.toml");
    std::fs::write(
        &file,
        "speed = 9\n[server]\nprot = 80\n[auth]\nsecrets = \"hunter2\"\n",
    )
    .unwrap();
    let path = file.display().to_string();
    let ended = run(&mut hub.command(&["--config", &path, "config", "check"])).await;
    assert_eq!(ended.code, Some(1));
    for key in ["speed", "server.prot", "auth.secrets"] {
        assert!(
            ended
                .err
                .contains(&format!("\n  {key}: there is no such setting")),
            "{}",
            ended.err
        );
    }
    assert!(!ended.err.contains("hunter2"));
    let missing = run(&mut hub.command(&["--config", "/nowhere.toml", "config", "check"])).await;
    let said = missing.failed();
    assert_eq!(
        said.matches("/nowhere.toml").count(),
        1,
        "said once: {said}"
    );
}

#[tokio::test]
async fn values_of_the_environment_are_taken_as_they_stand() {
    let password = "0073519286404";
    let hub = TestServer::builder()
        .with("bootstrap.password", password)
        .start()
        .await;
    let login = json!({ "email": EMAIL, "password": password });
    let _: Value = hub.anybody().post("/auth/login", &login).await.ok();
}

#[tokio::test]
async fn administrators_and_keys_are_made_beside_a_running_hub() {
    let hub = TestServer::start().await;
    let create = [
        "admin",
        "create",
        "--email",
        "bob@example.com",
        "--organization",
        "acme",
    ];
    let ended = run_with_input(&mut hub.command(&create), b"a long password\r\n").await;
    assert_eq!(ended.good(), "bob@example.com owns acme and can sign in\n");
    let login = json!({ "email": "bob@example.com", "password": "a long password" });
    let _: Value = hub.anybody().post("/auth/login", &login).await.ok();
    let again = run_with_input(&mut hub.command(&create), b"another password\n").await;
    assert!(again.failed().contains("e-mail address"));
    let mut short = hub.command(&create);
    let short = run(short.env("GENERIC_CORP_PASSWORD", "short")).await;
    assert!(short.failed().contains("10 to 256 bytes"));

    // Both organizations have a workspace of this name: the operator must say which.
    let ambiguous =
        run(&mut hub.command(&["admin", "key", "--workspace", "main", "--agent", "sable"])).await;
    assert!(ambiguous.failed().contains("id"));
    let mine: Value = hub.admin().await.get("/workspaces/main").await.ok();
    let id = mine["id"].as_str().expect("an id");
    let key = [
        "admin",
        "key",
        "--workspace",
        id,
        "--agent",
        "sable",
        "--scopes",
        "read,publish",
    ];
    let ended = run(&mut hub.command(&key)).await;
    assert_eq!(
        ended.err,
        "a key for sable in main; it is shown this once\n"
    );
    let printed = ended.good();
    let mut sable = hub.connect(printed.trim_end()).await;
    sable.say("lobby", "hello").await;
    let stream = json!({ "type": "stream.open", "room": "lobby", "name": "x" });
    assert_eq!(sable.refused(stream).await.code, ErrorCode::Forbidden);
    for (flag, value) in [("--workspace", "attic"), ("--scopes", "fly")] {
        let mut arguments = key.to_vec();
        let at = arguments
            .iter()
            .position(|known| *known == flag)
            .expect("it is there");
        arguments[at + 1] = value;
        assert!(run(&mut hub.command(&arguments)).await.failed().len() > 10);
    }
}

#[tokio::test]
async fn no_secret_shows_in_help_logs_or_the_banner() {
    let hub = TestServer::builder()
        .with("log_output.filter", "trace")
        .start()
        .await;
    let key = hub.key("bot").await;
    let session = json!({ "email": EMAIL, "password": PASSWORD });
    let session: Value = hub.anybody().post("/auth/login", &session).await.ok();
    let secrets = [
        &key,
        PASSWORD,
        session["access_token"].as_str().expect("a token"),
        session["refresh_token"].as_str().expect("a token"),
    ];
    let refresh = json!({ "refresh_token": secrets[3] });
    let mut socket = crate::support::Socket::anonymous(hub.address).await;
    socket.hello(secrets[2]).await;
    hub.connect(&key).await.say("lobby", "hello").await;
    run(&mut client(&hub, &key, &["publish", "lobby", "x"]))
        .await
        .good();
    let _: Value = hub.anybody().post("/auth/refresh", &refresh).await.ok();

    let commands =
        ["serve", "publish", "watch", "stream", "token", "health"].map(|name| vec![name]);
    let deeper = [
        vec!["admin", "create"],
        vec!["admin", "key"],
        vec!["config", "check"],
    ];
    let mut texts = vec![hub.log(), hub.banner.clone()];
    for mut command in commands.into_iter().chain(deeper) {
        command.push("--help");
        let mut help = client(&hub, &key, &command);
        let text = run(help.env("GENERIC_CORP_PASSWORD", PASSWORD))
            .await
            .good();
        for flag in ["--password", "--api-key ", "--token "] {
            assert!(
                !text.contains(flag),
                "{flag} would show in the list of processes"
            );
        }
        texts.push(text);
    }
    for text in texts {
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[tokio::test]
async fn a_database_that_was_put_back_is_another_log() {
    if !is_postgres() {
        // There the hub notices by itself: `resume`.
        return;
    }
    let hub = TestServer::start().await;
    let mut bot = hub.agent("bot").await;
    let mut viewer = hub.agent("viewer").await;
    let before = viewer.join("lobby").await;
    bot.open_stream("lobby", "out").await;
    assert_eq!(viewer.event().await.seq, 1);
    let said = run(&mut hub.command(&["admin", "restored"])).await.good();
    assert!(said.contains("1 streams"), "{said}");
    let choose = |received| match received {
        Received::Frame(ServerFrame::Reset(reset)) => Ok(reset),
        other => Err(other),
    };
    let reset = viewer.pick("a reset", choose).await;
    assert_ne!(reset.epoch.as_deref(), Some(&*before.epoch));
    eventually("the stream ends", async || {
        let page = json!({ "type": "history", "room": "lobby", "kinds": ["stream.closed"] });
        let page: HistoryPage = viewer.ask(page).await;
        page.events.first().map(drop)
    })
    .await;
    let resume = json!({ "room": "lobby", "after": 1, "epoch": before.epoch });
    assert!(!hub.agent("late").await.join_with(resume).await.recovered);
}

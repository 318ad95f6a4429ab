//! Who runs the hub sees its nodes; who runs a workspace ends its connections.

use crate::support::database::is_cluster;
use crate::support::{Rest, TestServer, eventually};
use generic_corp_protocol::rest::{AuditEntry, ClusterReport, Connection, Me};
use generic_corp_protocol::{CloseCode, ErrorCode};

async fn nodes(rest: &Rest) -> ClusterReport {
    rest.get("/cluster").await.ok()
}

#[tokio::test]
async fn who_set_the_hub_up_sees_its_nodes_and_others_when_the_operator_says_so() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let me: Me = owner.get("/me").await.ok();
    assert!(me.operator);
    let mut bot = hub.agent("sable").await;
    bot.join("lobby").await;
    let expected = if is_cluster() { 3 } else { 1 };
    let report = eventually("every node has told of itself", async || {
        let report = nodes(&owner).await;
        let connections: u64 = report.nodes.iter().map(|node| node.connections).sum();
        (report.nodes.len() == expected && connections == 1).then_some(report)
    })
    .await;
    assert_eq!(report.shared, is_cluster());
    let rooms: u64 = report.nodes.iter().map(|node| node.rooms).sum();
    assert!(rooms >= 1);
    assert!(
        report
            .nodes
            .iter()
            .all(|node| node.memory_bytes > Some(1 << 20))
    );
    assert!(report.nodes[0].http_requests > 0);

    let session = hub.member(&owner, "bo@example.com", "admin").await;
    let bo = hub.anybody().with_token(&session.access_token);
    let refused = bo.get("/cluster").await;
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    for (arguments, seen) in [
        (&["admin", "operator", "bo@example.com"][..], true),
        (&["admin", "operator", "bo@example.com", "--remove"], false),
    ] {
        let told = hub.command(arguments).output().await.expect("it runs");
        assert!(told.status.success(), "{told:?}");
        assert_eq!(bo.get("/cluster").await.status.is_success(), seen);
        let me: Me = bo.get("/me").await.ok();
        assert_eq!(me.operator, seen);
    }
    let nobody = hub.command(&["admin", "operator", "nobody@example.com"]);
    let told = { nobody }.output().await.expect("it runs");
    assert!(!told.status.success());
    let acts: Vec<AuditEntry> = owner.get("/organizations/main/audit").await.ok();
    for action in ["operator.made", "operator.removed"] {
        assert!(acts.iter().any(|act| act.action == action), "{action}");
    }
}

#[tokio::test]
async fn a_connection_is_ended_wherever_it_is_and_its_key_stays_good() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let key = hub.key("sable").await;
    let mut bot = hub.connect(&key).await;
    let path = "/workspaces/main/connections";
    let here = eventually("it is listed", async || {
        let list: Vec<Connection> = owner.get(path).await.ok();
        list.first().map(|connection| connection.id)
    })
    .await;
    let gone = owner.delete(&format!("{path}/{here}")).await;
    assert_eq!(gone.status.as_u16(), 204);
    assert_eq!(bot.closed().await, CloseCode::Disconnected);
    let mut again = hub.connect(&key).await;
    again.join("lobby").await;
    let acts: Vec<AuditEntry> = owner.get("/organizations/main/audit").await.ok();
    assert!(
        acts.iter()
            .any(|act| act.action == "connection.ended" && act.target == here.to_string())
    );

    let session = hub.member(&owner, "bo@example.com", "member").await;
    let bo = hub.anybody().with_token(&session.access_token);
    let other = eventually("the other is listed", async || {
        let list: Vec<Connection> = owner.get(path).await.ok();
        list.iter()
            .map(|connection| connection.id)
            .find(|id| *id != here)
    })
    .await;
    let refused = bo.delete(&format!("{path}/{other}")).await;
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    for unknown in [here.to_string(), "x".to_owned()] {
        let missing = eventually("it is forgotten", async || {
            let answer = owner.delete(&format!("{path}/{unknown}")).await;
            (answer.status.as_u16() == 404).then_some(answer)
        })
        .await;
        assert_eq!(missing.code(), ErrorCode::NotFound);
    }
}

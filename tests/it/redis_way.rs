//! Where Redis is and whether it is to be believed: sentinels, certificates.
//!
//! These tests have something to say where hubs are clusters.

use crate::redis::ready;
use crate::support::certificate::Authority;
use crate::support::database::is_cluster;
use crate::support::redis::Redis;
use crate::support::{TestServer, eventually};

#[tokio::test]
async fn after_a_failover_the_nodes_meet_at_the_new_master() {
    if !is_cluster() {
        return;
    }
    let mut master = Redis::start().await;
    let replica = Redis::start_replica_of(&master).await;
    let sentinel = Redis::start_sentinel_of(&master).await;
    let node = TestServer::builder()
        .alone()
        .with("redis.url", "redis://sentinels-say-where")
        .with("redis.sentinels", sentinel.address())
        .with("redis.master", "main");
    let one = node.start().await;
    let sentinels = [
        ("redis.sentinels", &*sentinel.address()),
        ("redis.master", "main"),
    ];
    let two = one.another_node_with("two", &sentinels).await;
    let (mut bot, mut viewer) = (one.agent("bot").await, two.agent("viewer").await);
    viewer.join("lobby").await;
    let meet = async || {
        for node in [&one, &two] {
            eventually("the bus is there", async || {
                (ready(node).await.bus == Some(true)).then_some(())
            })
            .await;
        }
    };
    meet().await;
    assert_eq!(bot.say("lobby", "before").await, 1);
    assert_eq!(viewer.event().await.seq, 1);
    master.kill().await;
    eventually("the replica is the master", async || {
        let said = replica.say("ROLE").await.ok()?;
        said.contains("master").then_some(())
    })
    .await;
    assert_eq!(bot.say("lobby", "meanwhile").await, 2);
    assert_eq!(viewer.event().await.seq, 2);
    meet().await;
    eventually(
        "the viewer's node is subscribed at the new master",
        async || {
            let channels = replica.say("PUBSUB CHANNELS").await.ok()?;
            channels.contains(":room:").then_some(())
        },
    )
    .await;
    assert_eq!(bot.say("lobby", "after").await, 3);
    assert_eq!(viewer.event().await.seq, 3);
}

#[tokio::test]
async fn a_redis_with_a_certificate_is_believed_only_if_its_authority_is_known() {
    if !is_cluster() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (authority, certificate, key) = (
        folder.path().join("ca.pem"),
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    let signing = Authority::new();
    std::fs::write(&authority, signing.pem()).expect("written");
    signing.issue(&certificate, &key);
    let redis = Redis::start_tls(&key, &certificate, &authority).await;
    let (_, port) = redis
        .address()
        .rsplit_once(':')
        .map(|(h, p)| (h.to_owned(), p.to_owned()))
        .expect("a port");
    let url = format!("rediss://localhost:{port}");
    let known = TestServer::builder().alone().with("redis.url", &url);
    let known = known.with("redis.ca", authority.display()).start().await;
    eventually("the bus is there", async || {
        (ready(&known).await.bus == Some(true)).then_some(())
    })
    .await;
    let stranger = TestServer::builder()
        .alone()
        .with("redis.url", &url)
        .start()
        .await;
    eventually("it was tried", async || {
        stranger
            .log()
            .contains("Redis does not answer")
            .then_some(())
    })
    .await;
    assert_eq!(ready(&stranger).await.bus, Some(false));
}

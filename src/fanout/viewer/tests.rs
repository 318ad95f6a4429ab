//! Viewers against a model of the logs, over a real store: whatever is lost, late or repeated on the bus,
//! however little the hot tails hold, whoever comes, goes and reads slowly, a viewer gets what follows its
//! position, each once and in order, and nothing of what it does not watch.

mod logs;
mod seat;

use super::*;
use crate::config::Durability;
use crate::store::account::{Founding, Gate, NewUser};
use crate::store::{self, Store};
use generic_corp_protocol::{Slug, UserId};
use logs::{Fate, LOGS, Logs, ROOMS};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use seat::{Seat, Wish};
use std::time::Instant;

const VIEWERS: usize = 3;
/// How long the end may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Debug)]
enum Act {
    /// A log grows by so many events, or by one append of so much.
    Grow(usize, u64, Fate),
    /// Hints that are late come, the newest first.
    Late,
    /// Something that skips the log of a room.
    Ephemeral(usize),
    /// A viewer begins, or begins anew.
    Watch(usize, usize, Wish),
    Leave(usize, usize),
    /// A viewer's socket takes up to so many chunks.
    Read(usize, usize),
    /// Until a viewer is woken, or not.
    Pause(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let fate = prop_oneof![6 => Just(Fate::Arrives), 1 => Just(Fate::Lost), 1 => Just(Fate::Late)];
    let wish = (0u64..400, any::<bool>(), any::<bool>()).prop_map(|(back, follow, binary)| Wish {
        back,
        follow,
        binary,
    });
    prop_oneof![
        6 => (0..LOGS, 1u64..12, fate).prop_map(|(log, size, fate)| Act::Grow(log, size, fate)),
        1 => Just(Act::Late),
        1 => (0..ROOMS).prop_map(Act::Ephemeral),
        3 => (0..VIEWERS, 0..LOGS, wish).prop_map(|(who, log, wish)| Act::Watch(who, log, wish)),
        1 => (0..VIEWERS, 0..LOGS).prop_map(|(who, log)| Act::Leave(who, log)),
        5 => (0..VIEWERS, 1usize..6).prop_map(|(who, chunks)| Act::Read(who, chunks)),
        3 => (0..VIEWERS).prop_map(Act::Pause),
    ]
}

async fn play(store: &Store, acts: Vec<Act>, sizes: (usize, usize)) {
    let mut logs = Logs::begin(store, sizes).await;
    let worker = Worker::start(logs.hub.clone());
    let mut seats: Vec<_> = (0..VIEWERS).map(|_| Seat::take(&worker)).collect();
    for act in acts {
        match act {
            Act::Grow(log, size, fate) => logs.grow(log, size, fate),
            Act::Late => logs.deliver_late(),
            Act::Ephemeral(log) => logs.skip(log),
            Act::Watch(who, log, wish) => seats[who].watch(&logs, log, wish).await,
            Act::Leave(who, log) => seats[who].leave(&logs, log),
            Act::Read(who, chunks) => {
                let _ = (0..chunks).all(|_| seats[who].read(&logs));
            }
            Act::Pause(who) => seats[who].pause().await,
        }
    }
    // A last word in every log, which arrives; then everybody reads to the end.
    for log in 0..LOGS {
        logs.grow(log, 1, Fate::Arrives);
    }
    logs.close_streams();
    let deadline = Instant::now() + PATIENCE;
    for mut seat in seats {
        while !seat.is_complete(&logs) {
            assert!(Instant::now() < deadline, "a viewer waits for ever");
            while seat.read(&logs) {}
            seat.pause().await;
        }
        assert!(!seat.read(&logs), "there is no more");
    }
}

async fn open(folder: &std::path::Path) -> Store {
    let store = Store::open(store::Options {
        url: format!("sqlite:{}", folder.join("hub.db").display()).into(),
        durability: Durability::Normal,
        read_connections: 2,
    });
    let (store, main) = (
        store.await.expect("opens"),
        Slug::parse("main").expect("a name"),
    );
    let user = NewUser {
        id: UserId::new(),
        email: "ann@example.com".into(),
        name: "Ann".into(),
        password_hash: String::new(),
    };
    let founding = Founding {
        organization: &main,
        plan: "free",
        workspace: &main,
        room: &main,
    };
    let founded = store.found(&user, Gate::Open, &founding).await;
    founded.expect("an organization");
    store
}

#[test]
fn a_viewer_gets_what_follows_its_position() {
    let folder = tempfile::tempdir().expect("a folder");
    let system = actix_web::rt::System::new();
    let store = system.block_on(open(folder.path()));
    let acts = proptest::collection::vec(act(), 1..120);
    let config = ProptestConfig {
        cases: 96,
        max_shrink_time: 60_000,
        ..ProptestConfig::default()
    };
    let case = (acts, (1usize..4_000, 1usize..400));
    let outcome = TestRunner::new(config).run(&case, |(acts, sizes)| {
        system.block_on(play(&store, acts, sizes));
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

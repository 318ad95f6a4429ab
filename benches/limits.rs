//! What the limits cost where every frame passes them: `cargo bench --bench limits`. Medians are quoted in
//! docs/performance.md; each is to stay below a microsecond.

use divan::{Bencher, black_box};
use generic_corp::auth::Scopes;
use generic_corp::config::{Durability, Plans};
use generic_corp::metering::{Budget, Budgets, Work};
use generic_corp::quota::{Caller, Calls, Charge, Meter, Rate};
use generic_corp::store::{Options, Store};
use generic_corp::tenant::Permission;
use generic_corp_protocol::{OrganizationId, SenderKind};
use std::sync::Arc;
use std::time::Instant;
use uuid::Uuid;

fn main() {
    divan::main();
}

/// A budget of an organization that may go on.
fn budget() -> Arc<Budget> {
    let folder = std::env::temp_dir().join(format!("generic-corp-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let options = Options {
        url: format!("sqlite:{}", folder.join("hub.db").display()).into(),
        durability: Durability::Full,
        read_connections: 1,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let store = runtime.block_on(Store::open(options)).expect("a store");
    let plans = Arc::new(Plans::load("").expect("built in"));
    let budget = Budgets::new(store, plans).of(OrganizationId::new());
    drop(runtime);
    std::fs::remove_dir_all(&folder).expect("removed");
    budget
}

/// A message against the rates and the hour of its connection.
#[divan::bench]
fn message_of_a_connection(bencher: Bencher) {
    let plans = Plans::load("").expect("built in");
    let mut meter = Meter::new(plans.get("self_hosted").expect("built in"), Instant::now());
    let charge = || Charge {
        messages: 1,
        bytes: 200,
        hourly: true,
    };
    bencher.bench_local(|| black_box(meter.charge(charge(), Instant::now()).is_ok()));
}

/// The month's budget of an organization, by one thread and by two.
#[divan::bench(threads = [1, 2])]
fn budget_of_the_month(bencher: Bencher) {
    let budget = budget();
    bencher.bench(|| {
        budget
            .check(black_box(Work::Publish), SenderKind::Agent)
            .is_ok()
    });
}

/// A permission against the scopes of whoever asks.
#[divan::bench]
fn permission_of_a_frame(bencher: Bencher) {
    bencher.bench(|| black_box(Permission::Publish).is_in(black_box(Scopes::BOT)));
}

/// A call of the API against the rate of its caller, by one thread and by two with callers of their own.
#[divan::bench(threads = [1, 2])]
fn call_of_the_api(bencher: Bencher) {
    let calls = Calls::new(None);
    let rate = Rate {
        per_minute: u32::MAX,
        burst: u32::MAX,
    };
    thread_local! {
        static CALLER: Caller = Caller::Known(Uuid::now_v7());
    }
    bencher.bench(|| CALLER.with(|caller| calls.take_here(*caller, rate)));
}

// What real tools print, as scripts of `[wait in ms, text]`: colours, progress bars that are painted over, a
// failure.

const RESET = "\x1b[0m";
const bold = (text) => `\x1b[1m${text}${RESET}`;
const dim = (text) => `\x1b[2m${text}${RESET}`;
const green = (text) => `\x1b[32m${text}${RESET}`;
const red = (text) => `\x1b[31m${text}${RESET}`;
const cyan = (text) => `\x1b[36m${text}${RESET}`;
const cargo = (verb) => `\x1b[1m\x1b[32m${verb.padStart(12)}${RESET}`;

const CRATES = [
  "libc v0.2.177", "bytes v1.12.0", "memchr v2.7.6", "serde v1.0.229", "tokio v1.54.0", "tracing v0.1.44", "uuid v1.29.0",
  "http v1.4.0", "actix-http v3.20.0", "sqlx-core v0.9.0", "jsonwebtoken v10.2.0", "actix-web v4.18.1", "sqlx v0.9.0",
];
const MODULES = ["socket::frame", "connection::hello", "quota", "room::publish", "history::writer", "fanout::viewer", "http::stream_bytes", "store::log"];
const TESTS = [
  "a_close_is_answered_by_a_close", "a_frame_before_hello_is_refused", "a_foreign_room_is_a_missing_room", "a_replay_gets_the_first_answer",
  "a_slow_reader_slows_nobody", "bytes_are_stored_once", "resumes_after_a_restart", "the_tail_is_bounded",
];

function* compile() {
  for (const [i, crate] of CRATES.entries()) {
    const done = Math.round(((i + 1) / CRATES.length) * 24);
    yield [160, `\r\x1b[K${cargo("Compiling")} ${crate}\n`];
    yield [60, `${cyan("    Building")} [${"=".repeat(done)}>${" ".repeat(24 - done)}] ${180 + i * 9}/${180 + CRATES.length * 9}: ${crate.split(" ")[0]}`];
  }
  yield [300, `\r\x1b[K${cargo("Compiling")} hub v0.4.0\n`];
  yield [200, `${cargo("Finished")} \`test\` profile [unoptimized + debuginfo] target(s) in 41.20s\n`];
}

function* tests(failing) {
  yield [100, `${cargo("Running")} unittests src/lib.rs ${dim("(target/debug/deps/hub-5d1f)")}\n\nrunning 214 tests\n`];
  for (const module of MODULES) {
    for (const test of TESTS) yield [18, `test ${module}::${test} ... ${green("ok")}\n`];
    if (failing && module === "quota") yield [200, `test quota::burst_refills ... ${red("FAILED")}\n`];
  }
}

export function testFailing() {
  return [
    ...compile(),
    ...tests(true),
    [100, `\nfailures:\n\n---- quota::burst_refills stdout ----\nthread 'quota::burst_refills' panicked at src/quota/bucket.rs:57:31:\n${bold("supplied instant is later than self")}\n`],
    [0, dim("note: run with `RUST_BACKTRACE=1` to display a backtrace\n")],
    [50, `\n\nfailures:\n    quota::burst_refills\n\ntest result: ${red("FAILED")}. 213 passed; ${red("1 failed")}; 0 ignored; finished in 3.82s\n\n`],
    [0, `\x1b[1m\x1b[31merror${RESET}${bold(": test failed, to rerun pass `--lib`")}\n`],
  ];
}

export function testFixed() {
  return [[400, `${cargo("Finished")} \`test\` profile in 6.91s\n`], ...tests(false), [80, `\ntest result: ${green("ok")}. 214 passed; 0 failed; 0 ignored; finished in 3.79s\n`]];
}

export function build() {
  const script = [[100, `${cyan("[+] Building")} hub:0.4\n`]];
  for (const [step, what] of ["FROM debian:bookworm-slim", "COPY Cargo.toml Cargo.lock ./", "RUN cargo build --release", "COPY --from=build /hub /hub"].entries()) {
    for (let percent = 0; percent <= 100; percent += 20) {
      const bar = "█".repeat(percent / 5) + "░".repeat(20 - percent / 5);
      script.push([70, `\r\x1b[K${cyan(` => [${step + 1}/4]`)} ${what.padEnd(32)} ${bar} ${String(percent).padStart(3)} %`]);
    }
    script.push([40, `\r\x1b[K${cyan(` => [${step + 1}/4]`)} ${what.padEnd(32)} ${green("DONE")} ${dim(`${(2.1 + step * 7.3).toFixed(1)}s`)}\n`]);
  }
  return [...script, [100, ` => exporting layers ${green("DONE")}\n => naming to ${bold("registry.internal/hub:0.4")} ${green("DONE")}\n`]];
}

export function migrate() {
  return [
    [200, `${bold("staging")}  2 nodes, schema 13 → 14\n`],
    [300, `migrate  0014_stream_leases.sql  ${green("ok")}  ${dim("182 ms")}\n`],
    [300, `drain    hub-1  1,204 sockets told to go, slots over 5 s\n`],
    [600, `start    hub-1  0.4.0  ${green("ready")}  ${dim("92 ms")}\n`],
    [300, `\x1b[33mwarning${RESET}  hub-2 is still on 0.3.1, it will be rolled in 60 s\n`],
  ];
}

/** Seconds `from` to before `to` of a load test that paints its progress bar over. */
export function loadtest(from, to) {
  const script = from === 0 ? [
    [100, `${bold("loadtest 0.4.0")}  scenario=memo-50  c=50  rooms=5  rate=100/min  d=60s  seed=42  open-loop\n`],
    [0, dim("host: 2 cpu, nofile 65536   server: hub-1 0.4.0 (sqlite)\n\n")],
    [0, dim(" sec   sent  acked  delivered   p50     p99    0 ms     5 ms     10 ms\n")],
  ] : [];
  for (let second = from; second < to; second++) {
    const at = second % 60;
    const sent = 14 + ((second * 7) % 6);
    const slow = second % 9 === 4;
    const p99 = (slow ? 9 : 2) + ((second * 3) % 10) / 10;
    const color = slow ? "\x1b[33m" : "\x1b[32m";
    const row = `${String(second).padStart(4)}  ${String(sent).padStart(5)}  ${String(sent).padStart(5)}  ${String(sent * 9).padStart(9)}   1.1ms  ${color}${p99.toFixed(1)}ms${RESET}    ${color}${"▪".repeat(Math.round(p99 * 1.8))}${RESET}`;
    const bar = `${"█".repeat(at / 2)}${"░".repeat(30 - Math.floor(at / 2))}`;
    script.push([1_000, `\r\x1b[K${row}\n 00:${String(at).padStart(2, "0")}/01:00 [\x1b[38;5;75m${bar}${RESET}]  50/50 open   ${green("0 lost")}`]);
  }
  return script;
}

// A workspace in the middle of a day's work, for pictures and for tests of what pages look like: agents
// that talk and stream, over the TypeScript client, against a real hub.

import { bot, pause } from "./client.mjs";
import { build, loadtest, migrate, testFailing, testFixed } from "./tools.mjs";

const ROOMS = [
  ["deploy-42", "Ship 0.4 to staging"],
  ["triage", "New issues, sorted every morning"],
  ["evals", "Nightly runs against the recorded tasks"],
  ["incident-19", "Reconnect storm after the proxy change"],
  ["docs", "What people asked that the docs did not answer"],
  ["data-import", "Moves the old archive over, a table at a time"],
  ["ideas", ""],
];

const PLAN = `Plan for **0.4** on staging:

1. run the whole suite
2. build the image
3. migrate, then roll both nodes, one at a time

@sable takes 1, @devonte takes 2. @yuki, please watch the graphs while we roll.`;

const FAILURE = `One failure, and it is real: \`quota::burst_refills\`. The bucket subtracts instants in the wrong order when two calls race:

\`\`\`rust
let elapsed = now.duration_since(self.last); // panics
self.tokens += elapsed.as_secs_f64() * self.rate;
\`\`\`

I would use \`saturating_duration_since\`. Patch is ready, the test is in it.`;

const APPROVAL = "Looks good. @devonte, roll `hub-2` once `hub-1` has been quiet for a minute.";

const GRAPHS = `Graphs are quiet. Last five minutes on \`hub-1\`:

| | p50 | p99 | limit |
| --- | --- | --- | --- |
| publish to ack | 1.1 ms | 4.2 ms | 25 ms |
| publish to screen | 2.0 ms | 7.9 ms | 250 ms |
| reconnects | 0 | 3 | – |`;

const EVAL = { suite: "recorded-tasks", passed: 412, failed: 3, regressed: ["split-pr", "flaky-test"], minutes: 38.5 };

/** Writes a list of `[wait in ms, text]` to a stream; the waits are multiplied by `pace`. */
async function play(out, script, pace) {
  for (const [ms, text] of script) {
    if (pace > 0) await pause(ms * pace);
    await out.write(text);
  }
}

export class Content {
  #hub;
  #pace;
  #bots = new Map();
  #rooms = new Map();
  #timers = [];

  constructor(hub, pace) {
    this.#hub = hub;
    this.#pace = pace;
  }

  /** Fills the hub; a `pace` of 1 takes a minute, as the work itself would. */
  static async fill(hub, { pace = 0 } = {}) {
    const content = new Content(hub, pace);
    for (const [name, topic] of ROOMS) await hub.room(name, topic);
    const names = ["sable", "devonte", "yuki", "graham", "marcus"];
    await Promise.all(names.map(async (name) => content.#bots.set(name, await bot(hub, name))));
    await content.#otherRooms();
    await content.#deploy();
    return content;
  }

  bot(name) {
    return this.#bots.get(name);
  }

  /** A room as one of the agents has joined it. */
  joined(agent, room) {
    const key = `${agent}:${room}`;
    if (!this.#rooms.has(key)) this.#rooms.set(key, this.bot(agent).join(room));
    return this.#rooms.get(key);
  }

  /** Ends the connections, and with them the streams that still run. */
  stop() {
    for (const timer of this.#timers) clearInterval(timer);
    for (const connection of this.#bots.values()) connection.close();
  }

  async #run(agent, room, name, script, exitCode) {
    const out = await this.bot(agent).openStream(room, name);
    await play(out, script, this.#pace);
    if (exitCode !== undefined) await out.close({ exitCode });
    return out;
  }

  /** What an agent thinks, or calls a tool with, beside what it says. */
  async #aside(agent, room, name, role, mediaType, text) {
    const out = await this.bot(agent).openStream(room, name, { role, mediaType, ...(role === "args" && { toolCall: "call-1" }) });
    await out.write(text);
    await out.close();
  }

  async #otherRooms() {
    const say = async (agent, room, text) => (await this.joined(agent, room)).publish({ text });
    await say("marcus", "triage", "Seven new since yesterday. Two are the same proxy question, I linked them to the page in the docs.");
    await say("yuki", "triage", "I take the one about `Last-Event-ID`. It looks like a cache in between.");
    await this.#run("marcus", "evals", "evals --suite recorded-tasks", [[0, "412 passed, 3 failed\n"]], 1);
    await (await this.joined("marcus", "evals")).publish(EVAL, { kind: "eval.finished" });
    await say("graham", "incident-19", "Closed: the proxy kept idle sockets for 30 s, the hub pings every 25 s, and a slow minute was enough. Raised to 120 s.");
    await say("yuki", "docs", "Added “How do I resume from a saved position?”, with the cursor example.");
    await this.joined("marcus", "data-import");
    await this.#run("marcus", "data-import", "import archive/2019", [[0, "\x1b[36m2019\x1b[0m  events 1,204,118  \x1b[2mrows/s 8,410\x1b[0m\n"]]);
  }

  async #deploy() {
    const room = "deploy-42";
    const pace = this.#pace;
    const say = async (agent, text, options) => {
      if (pace > 0) await pause(1_200 * pace);
      return (await this.joined(agent, room)).publish({ text }, options);
    };
    for (const agent of ["sable", "devonte", "yuki", "graham", "marcus"]) await this.joined(agent, room);
    await this.bot("marcus").presence("idle");
    const plan = await say("graham", PLAN, { mentions: ["sable", "devonte", "yuki"] });
    await this.bot("graham").presence("waiting", "for the image");
    await say("sable", "On it.", { replyTo: plan.seq });
    await this.#aside("sable", room, "why the suite first", "reasoning", "text/markdown", "The migration is **new**, so the suite runs before anything is built. It takes a minute.");
    await this.#aside("sable", room, "shell", "args", "application/json", JSON.stringify({ command: "cargo test --workspace", cwd: "/srv/hub" }));
    await this.bot("sable").presence("running", "cargo test --workspace");
    await this.#run("sable", room, "cargo test --workspace", testFailing(), 101);
    await say("sable", FAILURE);
    const answer = await say("graham", "Agreed, and it also explains the odd 429 from last week. Go ahead.");
    await this.#run("sable", room, "cargo test quota", testFixed(), 0);
    await say("sable", "Green: 214 passed, none ignored. `main` is at **3c1003c**.", { replyTo: answer.seq });
    await this.bot("devonte").presence("running", "docker build");
    await this.#run("devonte", room, "docker build -t hub:0.4", build(), 0);
    await say("devonte", "Image is up: `hub:0.4`, 31 MB, starts in 90 ms. Rolling `hub-1` first.");
    await this.#hub.api(`/workspaces/${this.#hub.workspace}/rooms/${room}/events`, { method: "POST", body: { body: { text: APPROVAL }, mentions: ["devonte"] } });
    await say("yuki", GRAPHS);
    await this.bot("yuki").presence("online", "watching hub-1");
    const rolling = await this.#run("devonte", room, "migrate and roll staging", migrate());
    await this.bot("devonte").presence("running", "migrate and roll staging");
    const loading = await this.#run("sable", room, "loadtest memo-50", loadtest(0, 38));
    await this.bot("sable").presence("running", "loadtest memo-50");
    this.#goOn(loading, rolling);
  }

  /** The load test goes on until the end, for streams that are alive. */
  #goOn(loading, rolling) {
    let second = 38;
    this.#timers.push(setInterval(() => {
      for (const [, text] of loadtest(second, second + 1)) loading.write(text).catch(() => undefined);
      second += 1;
      if (second % 5 === 0) rolling.write(`\x1b[2m${second} s\x1b[0m  hub-1 ready, 0 errors\n`).catch(() => undefined);
    }, 1_000));
  }
}

// A real hub on a port of its own, which can be killed and started again on the same file.

import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const EMAIL = "ada@example.com";
export const PASSWORD = "correct horse battery";
const START_MS = 30_000;

const here = fileURLToPath(new URL(".", import.meta.url));
const binary = resolve(process.env.GENERIC_CORP_BIN || join(here, "../../target/debug/generic-corp"));
if (!existsSync(binary)) throw new Error(`there is no hub at ${binary}; build it with \`cargo build\` or set GENERIC_CORP_BIN`);

export class Hub {
  #process;
  binary = binary;
  /** The environment it was started with, for the operator's commands. */
  env = {};
  #folder = mkdtempSync(join(tmpdir(), "generic-corp-browser-"));
  #settings;
  #port = 0;
  url = "";
  workspace;
  /** Connections that end with the hub, or else they would try to come back for ever. */
  connections = [];
  /** What the hub printed before it listened. */
  banner = [];

  constructor(settings) {
    this.#settings = settings;
    this.workspace = settings.BOOTSTRAP__WORKSPACE ?? "main";
  }

  /** A hub that runs; with an administrator, unless `settings` say otherwise. */
  static async start({ administrator = true, ...settings } = {}) {
    const first = administrator ? { BOOTSTRAP__EMAIL: EMAIL, BOOTSTRAP__PASSWORD: PASSWORD } : {};
    const hub = new Hub({ ...first, ...settings });
    await hub.start();
    const page = await (await fetch(hub.url)).text();
    if (!page.includes("/assets/")) throw new Error("this hub was built without its dashboard; see the warning of `cargo build`");
    return hub;
  }

  /** Starts it, again on the same port and file. */
  async start() {
    const settings = {
      SERVER__PORT: String(this.#port),
      METRICS__PORT: "0",
      DATABASE__URL: `sqlite:${join(this.#folder, "hub.db")}`,
      AUTH__BCRYPT_COST: "4",
      SERVER__DRAIN_SECONDS: "1",
      ...this.#settings,
    };
    const env = { ...process.env };
    for (const [name, value] of Object.entries(settings)) env[`GENERIC_CORP__${name}`] = value;
    this.env = env;
    this.#process = spawn(binary, ["serve"], { cwd: this.#folder, env, stdio: ["ignore", "pipe", "pipe"] });
    let log = "";
    this.#process.stderr.on("data", (data) => (log = (log + data).slice(-4_000)));
    this.banner = [];
    this.url = await new Promise((done, fail) => {
      const late = setTimeout(() => fail(new Error(`the hub does not listen\n${log}`)), START_MS);
      this.#process.once("error", (error) => (clearTimeout(late), fail(error)));
      this.#process.once("exit", (code) => (clearTimeout(late), fail(new Error(`the hub ended with ${code}\n${log}`))));
      createInterface({ input: this.#process.stdout }).on("line", (line) => {
        this.banner.push(line);
        const address = /^listening on (\S+)/.exec(line)?.[1];
        if (address) (clearTimeout(late), done(address));
      });
    });
    this.#port = Number(new URL(this.url).port);
  }

  /** Stops its clock: connections stay, and nothing is answered until `thaw`. */
  freeze() {
    this.#process.kill("SIGSTOP");
  }

  thaw() {
    this.#process.kill("SIGCONT");
  }

  /** Ends it as a power cut would. */
  async kill() {
    await this.#end("SIGKILL");
  }

  async stop() {
    for (const connection of this.connections) connection.close();
    await this.#end("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #end(signal) {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = new Promise((done) => this.#process.once("exit", done));
    this.#process.kill(signal);
    await ended;
  }

  /** Changes its file past it, for what only time would do; by Python, since Node reads no SQLite. */
  async change(statement) {
    const script = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1], timeout=20) as file: file.execute(sys.argv[2])";
    await promisify(execFile)("python3", ["-c", script, join(this.#folder, "hub.db"), statement]);
  }

  /** A request to the API; throws with the problem when it is refused. */
  async api(path, { method = "GET", body, token = this.token } = {}) {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { ...(token && { authorization: `Bearer ${token}` }), ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  }

  /** Signs the administrator in, for requests and keys. */
  async signIn() {
    this.token = (await this.api("/auth/login", { method: "POST", body: { email: EMAIL, password: PASSWORD } })).access_token;
  }

  /** A new key of an agent. */
  async key(agent) {
    return (await this.api(`/workspaces/${this.workspace}/keys`, { method: "POST", body: { agent } })).secret;
  }

  async room(name, topic = "") {
    return this.api(`/workspaces/${this.workspace}/rooms`, { method: "POST", body: { name, topic } });
  }
}

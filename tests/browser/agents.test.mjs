// Agents, their keys and connections, and the audit log that tells of all.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { open } from "./browser.mjs";
import { bot, connect, until } from "./client.mjs";
import { ada, hub, stage } from "./stage.mjs";

stage();

const region = (page, name) => page.getByRole("region", { name, exact: true });
const row = (page, name) => page.getByRole("row").filter({ hasText: name });
const dialog = (page) => page.getByRole("dialog");

test("an agent is made, seen at work, locked out and let in again", async (t) => {
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/agents`);
  await page.getByText("No agents yet").waitFor();
  const create = page.getByRole("button", { name: "Create agent" });
  await create.press("Enter");
  await dialog(page).getByRole("button", { name: "Cancel" }).press("Enter");
  await until(() => create.evaluate((button) => button === document.activeElement), "the focus where it was");
  await create.press("Enter");
  await page.getByRole("textbox", { name: "Name" }).fill("sable");
  await page.getByLabel("What it is for").fill("Runs the tests");
  await dialog(page).getByRole("button", { name: "Create agent" }).click();
  await row(page, "Runs the tests").getByText("in no room").waitFor();
  const sable = await bot(hub, "sable");
  t.after(() => sable.close());
  await sable.join("lobby");
  await sable.presence("running", "cargo test");
  await row(page, "sable").getByText("running · cargo test").waitFor();
  const out = await sable.openStream("lobby", "cargo test --workspace");
  await row(page, "sable").getByRole("link", { name: "cargo test --workspace" }).waitFor();
  await page.getByRole("link", { name: "sable", exact: true }).click();
  await page.getByRole("heading", { name: "sable" }).waitFor();
  await region(page, "List of output").getByText("running").waitFor();
  await region(page, "List of connections").getByText("sable 1.0.0").waitFor();
  await out.close({ exitCode: 0 });
  await region(page, "List of output").getByText("done").waitFor();
  await page.getByRole("button", { name: "Disable" }).click();
  await dialog(page).getByRole("button", { name: "Disable" }).click();
  await page.getByText("This agent is locked out").waitFor();
  await until(() => sable.state.name === "closed", "the end of its connection");
  await page.getByRole("button", { name: "Enable" }).click();
  await page.getByText("This agent is locked out").waitFor({ state: "detached" });
  await page.getByLabel("Title").fill("Runs all tests");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".page-head").getByText("Runs all tests").waitFor();
});

test("a key of some rooms comes with a command that works", async (t) => {
  await hub.room("build-7");
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/keys`);
  await page.getByRole("button", { name: "Create key" }).first().click();
  await page.getByRole("textbox", { name: "Agent" }).fill("builder");
  await page.getByLabel("Rooms (optional)").fill("build-*");
  assert.ok(await page.getByRole("checkbox", { name: /^admin/ }).isDisabled());
  await page.getByLabel("Ends").selectOption("7");
  await dialog(page).getByRole("button", { name: "Create key" }).click();
  await row(page, "build-*").getByText("read, publish, stream").waitFor();
  await page.getByRole("button", { name: "curl" }).click();
  const command = await page.getByLabel("Command", { exact: true }).innerText();
  assert.match(command, /rooms\/build-7\//);
  const { stdout } = await promisify(execFile)("bash", ["-c", command]);
  assert.equal(JSON.parse(stdout).seq, 1);
  const used = async () => (await hub.api("/workspaces/main/keys")).some(({ agent, last_used_at }) => agent === "builder" && last_used_at);
  await until(used, "the note that it was used");
  await page.reload();
  await row(page, "build-*").getByText("now").waitFor();
});

test("a key is rotated: the new one works, the old one goes on as long as was said", async (t) => {
  const old = await hub.key("rotor");
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/keys`);
  const rotate = async (overlap) => {
    await page.getByRole("button", { name: /^Rotate the key of rotor/ }).first().click();
    await page.getByLabel("The old key goes on").selectOption(overlap);
    await dialog(page).getByRole("button", { name: "Make a new key" }).click();
    await dialog(page).waitFor({ state: "detached" });
    return page.locator(".secret-value code").innerText();
  };
  const second = await rotate("86400");
  await until(async () => (await row(page, "rotor").count()) === 2, "both keys");
  for (const key of [old, second]) {
    const agent = connect(hub, "rotor", key);
    assert.equal((await agent.ready()).you.name, "rotor");
    agent.close();
  }
});

test("connections are listed with their counters", async (t) => {
  const yuki = await bot(hub, "yuki");
  t.after(() => yuki.close());
  const room = await yuki.join("lobby");
  await room.publish({ text: "hello" });
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/connections`);
  const cells = row(page, "yuki 1.0.0").locator("td");
  await cells.getByText("127.0.0.1").waitFor();
  await cells.getByText(/^1 of /).waitFor();
});

test("the audit log is filtered, and older entries are loaded", async (t) => {
  for (let i = 0; i < 120; i++) await hub.api("/workspaces/main/agents/sable", { method: "PATCH", body: { title: `round ${i}` } });
  const page = await open(t, ada);
  await page.goto(`${hub.url}/o/main/audit`);
  const rows = region(page, "Acts").locator("tbody tr");
  await rows.nth(99).waitFor();
  assert.equal(await rows.count(), 100);
  await page.getByRole("button", { name: "Load older" }).click();
  await page.getByText("which is all").waitFor();
  await page.reload();
  await rows.nth(99).waitFor();
  await page.getByLabel("Who, what, from where").fill("agent disabled");
  await until(async () => (await rows.count()) === 1, "the one act, from an older page");
  await rows.getByText("agent: disabled").waitFor();
  await page.getByLabel("Who, what, from where").fill("");
  await page.getByLabel("What", { exact: true }).selectOption({ label: "Sessions and accounts" });
  await rows.first().getByText("session: begun").waitFor();
  assert.equal(await rows.filter({ hasText: "agent:" }).count(), 0);
});

// What people do in the dashboard, against a real hub.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { EMAIL, Hub, PASSWORD } from "./hub.mjs";
import { administrator, fillSignIn, forgive, open, visitor } from "./browser.mjs";
import { bot, connect, until } from "./client.mjs";
import { member } from "./people.mjs";
import { ada, browser, hub, stage } from "./stage.mjs";

stage();

/** A page in a room of its own, and a bot in the same room. */
async function inRoom(t, room) {
  await hub.room(room, `about ${room}`);
  const sable = await agent(t, "sable");
  const joined = await sable.join(room);
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/rooms/${room}`);
  await page.getByText("Live", { exact: true }).waitFor();
  return { page, sable, room: joined };
}

/** A bot that is gone after the test. */
async function agent(t, name) {
  const connection = await bot(hub, name);
  t.after(() => connection.close());
  return connection;
}

const texts = (page) => page.locator(".feed-list .md").allInnerTexts();

test("the one-time link sets up a hub, once", async (t) => {
  const fresh = await Hub.start({ administrator: false });
  t.after(() => fresh.stop());
  const link = fresh.banner.map((line) => /\S+\/setup#\S+/.exec(line)?.[0]).find(Boolean);
  const page = await open(t, await visitor(browser));
  await page.goto(link);
  await page.getByLabel("Your name").fill("Ada");
  assert.equal(new URL(page.url()).hash, "", "the secret is out of the address");
  await page.getByLabel("E-mail").fill(EMAIL);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByLabel("Organization").fill("acme");
  await page.getByLabel("Workspace").fill("platform");
  await page.getByRole("button", { name: "Set up" }).click();
  await page.getByRole("heading", { name: "platform" }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/w/platform");
  await page.locator(".room-list").getByText("lobby").waitFor();
  await page.goto(link);
  await page.getByRole("heading", { name: "Already set up" }).waitFor();
});

test("a wrong password is told, the right one leads to where one wanted to go", async (t) => {
  await hub.room("wanted");
  const page = await open(t, await visitor(browser));
  await page.goto(`${hub.url}/w/main/rooms/wanted`);
  await fillSignIn(page, "not the password");
  await page.getByRole("alert").getByText("the e-mail address or the password is wrong").waitFor();
  forgive(page, /401/);
  assert.equal(await page.getByLabel("E-mail").inputValue(), EMAIL, "nothing is to be typed again");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "wanted" }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/w/main/rooms/wanted");
});

test("a session outlives a reload and ends with signing out, in every tab", async (t) => {
  const page = await open(t, await administrator(browser, hub));
  await page.goto(hub.url);
  await page.getByRole("heading", { name: "main" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "main" }).waitFor();
  const other = await open(t, page.context());
  await other.goto(`${hub.url}/w/main/rooms/lobby`);
  await other.getByText("Live", { exact: true }).waitFor();
  await page.bringToFront();
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.goto(`${hub.url}/w/main`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await other.getByRole("heading", { name: "Sign in" }).waitFor();
  forgive(other, /401/);
  // What the overview asked while the session ended.
  forgive(page, /401/, { perhaps: true });
});

test("rooms are listed, filtered and made; another workspace has its own", async (t) => {
  for (const name of ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]) await hub.room(name);
  await hub.api("/organizations/main/workspaces", { method: "POST", body: { name: "Research", slug: "research" } });
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/rooms`);
  await page.getByLabel("Filter rooms").fill("et");
  await until(async () => (await page.locator(".room-list strong").allInnerTexts()).sort().join() === "beta,zeta", "the filtered list");
  await page.getByRole("button", { name: "Create room" }).click();
  await page.getByLabel("Name").pressSequentially("Deploy 42!");
  assert.equal(await page.getByLabel("Name").inputValue(), "deploy-42-");
  await page.getByLabel("Name").fill("alpha");
  await page.getByRole("dialog").getByRole("button", { name: "Create room" }).click();
  await page.getByRole("alert").getByText("there is a room of this name already").waitFor();
  forgive(page, /409/);
  await page.getByLabel("Name").fill("deploy-42");
  await page.getByLabel("Topic").fill("Ship it");
  await page.getByRole("dialog").getByRole("button", { name: "Create room" }).click();
  await page.getByRole("heading", { name: "deploy-42" }).waitFor();
  await page.getByText("Ship it").waitFor();
  await page.getByRole("button", { name: "Switch workspace" }).click();
  await page.getByRole("link", { name: "Research" }).click();
  await page.getByRole("heading", { name: "Research" }).waitFor();
  // The list comes after the heading.
  await page.locator(".room-list strong").first().waitFor();
  assert.deepEqual(await page.locator(".room-list strong").allInnerTexts(), ["lobby"]);
});

test("an empty room shows the command that fills it, and the first message takes its place", async (t) => {
  const { page, room } = await inRoom(t, "empty");
  await page.getByRole("heading", { name: "Nothing here yet" }).waitFor();
  await page.getByRole("button", { name: "Put a new key into the command" }).click();
  const command = page.getByLabel("Command", { exact: true });
  await command.getByText(/GENERIC_CORP_API_KEY=gck_\w+/).waitFor();
  for (const part of [hub.url, "GENERIC_CORP_WORKSPACE=main", "--room empty"]) assert.ok((await command.innerText()).includes(part), part);
  for (const [name, part] of [["TypeScript", 'hub.join("empty")'], ["Rust", 'hub.say("empty"'], ["Python", 'hub.join("empty")'], ["curl", "/rooms/empty/events"]]) {
    await page.getByRole("button", { name }).click();
    for (const wanted of [hub.url, part, "gck_"]) assert.ok((await command.innerText()).includes(wanted), `${name}: ${wanted}`);
  }
  await page.getByText("Waiting for the first message…").waitFor();
  // The command as it is pasted.
  await promisify(execFile)("sh", ["-c", await command.innerText()]);
  await page.locator(".feed-list").getByText("Hello from curl").waitFor();
  await page.getByText("The first message has arrived.").waitFor();
  await page.getByRole("button", { name: "Dismiss" }).click();
  await room.publish({ text: "hello" });
  await page.locator(".feed-list").getByText("hello", { exact: true }).waitFor();
  assert.equal(await page.getByText("Nothing here yet").count(), 0);
});

test("who may make no key sees whom to ask for one in an empty room", async (t) => {
  await hub.room("keyless");
  const page = await open(t, await member(browser, hub, { role: "member", email: "max@example.com", name: "Max" }));
  await page.goto(`${hub.url}/w/main/rooms/keyless`);
  await page.getByText("Ask an administrator of this workspace for a key").waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  assert.match(await page.getByLabel("Command", { exact: true }).innerText(), /GENERIC_CORP_API_KEY=PASTE_A_KEY_HERE/);
  assert.equal(await page.getByRole("button", { name: "Put a new key into the command" }).count(), 0);
});

test("messages come live and in order, and count as unread in a room that is not in view", async (t) => {
  const { page, room } = await inRoom(t, "talk");
  const sent = Array.from({ length: 60 }, (_, i) => `message ${i}`);
  await Promise.all(sent.map((text) => room.publish({ text })));
  await until(async () => (await texts(page)).join() === sent.join(), "all messages in order");
  await page.getByRole("link", { name: "Rooms", exact: true }).click();
  await room.publish({ text: "one more" });
  await page.locator(".rail-rooms").getByRole("link", { name: "talk" }).getByText("1 unread").waitFor();
  await page.locator(".room-list").getByRole("link", { name: "talk" }).getByText("1 new").waitFor();
});

test("a written message is shown at once, and again as stored when the hub has it", async (t) => {
  const { page, room } = await inRoom(t, "write");
  const heard = room.events();
  const box = page.getByLabel("Message #write");
  hub.freeze();
  await box.fill("Hello @sable, **see** this");
  await box.press("Shift+Enter");
  await box.pressSequentially("and this");
  await box.press("Enter");
  await page.getByRole("list", { name: "Not sent yet" }).getByText("Sending…").waitFor();
  assert.equal(await page.locator(".feed-list .row").count(), 0, "nothing is shown as stored that is not");
  hub.thaw();
  await page.locator(".feed-list").getByText("see", { exact: true }).waitFor();
  await page.getByRole("list", { name: "Not sent yet" }).waitFor({ state: "detached" });
  const { value } = await heard.next();
  assert.deepEqual([value.body, value.mentions], [{ text: "Hello @sable, **see** this\nand this" }, ["sable"]]);
  await box.fill("€".repeat(30_000));
  await box.press("Enter");
  await page.getByRole("alert").getByText("Not sent: a message may have").waitFor();
  await page.getByRole("button", { name: "Discard" }).click();
  await page.getByRole("list", { name: "Not sent yet" }).waitFor({ state: "detached" });
  await page.getByText("Live", { exact: true }).waitFor();
});

test("Markdown of strangers is shown, and does nothing", async (t) => {
  const { page, room } = await inRoom(t, "markdown");
  const bad = [
    "<script>window.hacked = 1</script>", "<img src=x onerror='window.hacked = 2'>", "[click](javascript:window.hacked=3)",
    "<iframe src='/x'></iframe>", "<svg onload='window.hacked=4'></svg>", "<form action='/x'><button>go</button></form>",
    "<a href='#' onclick='window.hacked=5' style='position:fixed'>link</a>", "![pixel](https://example.com/pixel.png)",
  ];
  for (const text of bad) await room.publish({ text });
  await room.publish({ text: ">".repeat(20_000) });
  await room.publish({ text: "a Vec<String> is written as it is, <https://example.com/> is a link" });
  await room.publish({ text: "# Title\n\n- **bold** and `code`\n\n```rust\nfn main() {}\n```\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n3. third\n\n- [x] checked\n\nhttps://example.com/page" });
  const feed = page.locator(".feed-list");
  await feed.getByText("fn main() {}").waitFor();
  assert.equal(await feed.locator("script, img, iframe, svg, form, .md button, .md [style], [onclick], [onerror]").count(), 0);
  assert.deepEqual(await feed.locator(".md a").evaluateAll((links) => links.map(({ href, target, rel }) => [href, target, rel])), [
    ["https://example.com/pixel.png", "_blank", "noopener noreferrer nofollow"],
    ["https://example.com/", "_blank", "noopener noreferrer nofollow"],
    ["https://example.com/page", "_blank", "noopener noreferrer nofollow"],
  ]);
  assert.equal(await page.evaluate("window.hacked"), undefined);
  assert.equal(await feed.locator("table td").count(), 2);
  assert.equal(await feed.locator("ol").getAttribute("start"), "3");
  assert.ok(await feed.getByRole("checkbox", { name: "done" }).isDisabled());
  await feed.getByText(">".repeat(20_000)).waitFor({ state: "attached" });
  assert.equal(await feed.locator("h1, h2").count(), 0, "a message has no say in the page's outline");
});

test("who is here is shown with what they do, until they go", async (t) => {
  const { page, sable } = await inRoom(t, "presence");
  await sable.presence("waiting", "for a review");
  const yuki = await agent(t, "yuki");
  await yuki.join("presence");
  await page.getByRole("button", { name: "2 agents, 1 person here" }).click();
  const people = page.locator(".menu-panel .people li");
  await people.filter({ hasText: "sable" }).getByText("waiting · for a review").waitFor();
  await people.filter({ hasText: "ada" }).getByText("online").waitFor();
  await sable.presence("running", "cargo test");
  await people.filter({ hasText: "sable" }).getByText("running · cargo test").waitFor();
  yuki.close();
  await page.getByRole("button", { name: "1 agent, 1 person here" }).waitFor();
  assert.equal(await people.filter({ hasText: "yuki" }).count(), 0);
});

test("a key's secret is shown once, opens a connection, and closes it when revoked", async (t) => {
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/keys`);
  await page.getByRole("button", { name: "Create key" }).click();
  await page.getByRole("textbox", { name: "Agent" }).fill("one-time");
  await page.getByRole("checkbox", { name: "task take on tasks and end them" }).waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
  const secret = await page.locator(".secret-value code").innerText();
  const agent = connect(hub, "one-time", secret);
  const { you, scopes } = await agent.ready();
  assert.deepEqual([you.name, scopes], ["one-time", ["read", "publish", "stream", "task"]], "what a key made without scopes may");
  await page.reload();
  await page.getByRole("button", { name: /^Revoke the key of one-time/ }).waitFor();
  assert.ok(!(await page.content()).includes(secret));
  await page.getByRole("button", { name: /^Revoke the key of one-time/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("button", { name: /^Revoke the key of one-time/ }).waitFor({ state: "detached" });
  await until(() => agent.state.name === "closed", "the end of the agent's connection");
});

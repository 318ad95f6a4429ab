// Search across rooms, and what operators see of the hub.

import assert from "node:assert/strict";
import { test } from "node:test";
import { administrator, forgive, open } from "./browser.mjs";
import { bot, until } from "./client.mjs";
import { member } from "./people.mjs";
import { ada, browser, hub, stage } from "./stage.mjs";

stage(async () => {
  await hub.room("deploy-42");
  for (const [room, text] of [["lobby", "The deploy of hub-2 failed: <b>disk</b> full"], ["deploy-42", "deploy again, with more disk"], ["lobby", "lunch?"]]) {
    await hub.api(`/workspaces/main/rooms/${room}/events`, { method: "POST", body: { body: { text } } });
  }
  await until(async () => (await hub.api("/workspaces/main/search?q=lunch")).hits.length === 1, "the index");
});

const hits = (page) => page.locator(".hits li");

test("words are found in all rooms, marked, and lead to the message", async (t) => {
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/rooms`);
  await page.getByRole("heading", { name: "Rooms", level: 1 }).waitFor();
  await page.keyboard.press("/");
  const field = page.getByLabel("Words");
  await field.waitFor();
  await field.fill("DEPLOY dis");
  await page.getByText("2 hits.").waitFor();
  assert.deepEqual(await hits(page).locator("mark").allTextContents(), ["deploy", "dis", "deploy", "dis"]);
  await page.getByText("<b>disk</b>", { exact: false }).waitFor();
  assert.equal(new URL(page.url()).search, "?q=DEPLOY+dis");
  await page.getByLabel("Room", { exact: true }).selectOption("deploy-42");
  await page.getByText("1 hit.").waitFor();
  await page.reload();
  await page.getByText("1 hit.").waitFor();
  await hits(page).getByRole("link").click();
  await page.getByRole("heading", { name: "deploy-42" }).waitFor();
  assert.match(page.url(), /rooms\/deploy-42\?at=1$/);
  await page.goBack();
  await page.getByText("1 hit.").waitFor();
  await page.getByLabel("Words").fill("nowhere");
  await page.getByText("Nothing was found.").waitFor();
  await page.getByLabel("Words").fill("!!");
  await page.getByText("`q` needs a word").waitFor();
  forgive(page, /422/);
});

test("the palette looks for what it does not know by name", async (t) => {
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/rooms`);
  await page.getByRole("heading", { name: "Rooms", level: 1 }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Go to or do" }).waitFor();
  await page.keyboard.type("lunch");
  await page.locator("[role=option][aria-selected=true]").getByText("Search messages for “lunch”").waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("1 hit.").waitFor();
});

test("who set the hub up sees its nodes; others do not", async (t) => {
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main`);
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("link", { name: "The hub's nodes" }).click();
  await page.getByText("1 node on SQLite").waitFor();
  await until(async () => !(await page.locator("dl.facts").textContent()).includes("–"), "a rate");
  const other = await open(t, await member(browser, hub, { role: "member", email: "bo@example.com", name: "Bo" }));
  await other.goto(`${hub.url}/w/main`);
  await other.getByRole("button", { name: "Account" }).click();
  assert.equal(await other.getByRole("link", { name: "The hub's nodes" }).count(), 0);
  await other.goto(`${hub.url}/cluster`);
  await other.getByText("only who runs this hub").waitFor();
  forgive(other, /403/);
});

test("an administrator ends a connection", async (t) => {
  const page = await open(t, ada);
  const sable = await bot(hub, "sable");
  await page.goto(`${hub.url}/w/main/connections`);
  await page.getByRole("button", { name: /^End the connection of sable/ }).click();
  await page.getByRole("button", { name: "End it" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await until(() => sable.state.name === "closed", "the bot is told");
  assert.equal(sable.state.error.details.close_code, 4410);
});

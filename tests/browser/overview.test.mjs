// What one lands on: who is at work, what needs a human, and what each role is offered.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open } from "./browser.mjs";
import { bot } from "./client.mjs";
import { member } from "./people.mjs";
import { ada, browser, hub, stage } from "./stage.mjs";

stage();

const card = (page, name) => page.getByRole("region", { name });

test("agents at work are shown with their output, live", async (t) => {
  const sable = await bot(hub, "sable");
  t.after(() => sable.close());
  await sable.join("lobby");
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main`);
  const work = card(page, /^At work now/);
  await work.getByRole("link", { name: "sable" }).waitFor();
  await sable.presence("waiting", "for an approval");
  await work.getByText("waiting · for an approval").waitFor();
  await card(page, /^Needs a human 1/).getByText("for an approval").waitFor();
  const out = await sable.openStream("lobby", "cargo test");
  await work.getByRole("link", { name: "cargo test" }).waitFor();
  await sable.presence("online");
  await out.write("boom\n");
  await out.close({ exitCode: 101 });
  await work.getByRole("link", { name: "cargo test" }).waitFor({ state: "detached" });
  await card(page, /^Needs a human 1/).getByRole("link", { name: "cargo test" }).click();
  await page.locator(".term-row").getByText("boom").waitFor();
});

test("an unread message that names the reader waits for them, until it is read", async (t) => {
  await hub.room("review");
  const yuki = await bot(hub, "yuki");
  t.after(() => yuki.close());
  const room = await yuki.join("review");
  await room.publish({ text: "first" });
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/rooms/review`);
  await page.locator(".feed-list").getByText("first").waitFor();
  await page.getByRole("link", { name: "Overview" }).click();
  await room.publish({ text: "please look, @ada" }, { mentions: ["ada"] });
  const item = card(page, /^Needs a human/).getByRole("link", { name: "yuki mentions you" });
  await item.click();
  await page.locator(".feed-list").getByText("please look").waitFor();
  await page.getByRole("link", { name: "Overview" }).click();
  await card(page, /^Needs a human/).waitFor();
  await item.waitFor({ state: "detached" });
});

test("how fast messages come is measured while one looks", async (t) => {
  const graham = await bot(hub, "graham");
  t.after(() => graham.close());
  const room = await graham.join("lobby");
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main`);
  await page.locator(".room-list").getByText("lobby").waitFor();
  for (let i = 0; i < 40; i++) await room.publish({ text: `message ${i}` });
  await page.locator(".spark rect").first().waitFor();
});

test("a viewer is offered nothing that the hub would refuse", async (t) => {
  const context = await member(browser, hub, { role: "viewer", email: "vera@example.com", name: "Vera" });
  const page = await open(t, context);
  const refused = [];
  page.on("response", (response) => response.status() === 403 && refused.push(response.url()));
  await page.goto(`${hub.url}/w/main`);
  await page.getByRole("heading", { name: "main", exact: true }).waitFor();
  const links = await page.locator(".rail > .rail-links a").allInnerTexts();
  assert.deepEqual(links, ["Overview", "Rooms", "Search", "Agents", "Usage", "Members"]);
  for (const name of links) {
    await page.locator(".rail > .rail-links").getByRole("link", { name }).click();
    await page.locator(".rail > .rail-links").getByRole("link", { name }).and(page.locator("[aria-current=page]")).waitFor();
    await page.locator("h1").waitFor();
    assert.equal(await page.getByRole("button", { name: /Create|Invite|Remove|Change|Disable/ }).count(), 0, name);
  }
  assert.deepEqual(refused, []);
});

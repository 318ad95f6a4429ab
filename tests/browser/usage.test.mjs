// How much of the plan is used: gauges, days, who used it, the ceiling, and the banners on every page.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { Hub } from "./hub.mjs";
import { administrator, launch, open } from "./browser.mjs";
import { bot, until } from "./client.mjs";
import { plansWith } from "./plans.mjs";

let plans;
let hub;
let browser;
let ada;
let lobby;
before(async () => {
  plans = await plansWith({ messages_per_month: 10 });
  hub = await Hub.start({ TENANCY__DEFAULT_PLAN: "starter", TENANCY__PLANS_FILE: plans.file });
  browser = await launch();
  await hub.signIn();
  ada = await administrator(browser, hub);
  lobby = await (await bot(hub, "sable")).join("lobby");
  for (let i = 0; i < 8; i++) await lobby.publish({ text: `message ${i}` });
});
after(async () => {
  await browser?.close();
  await hub?.stop();
  plans?.remove();
});

const region = (page, name) => page.getByRole("region", { name });

test("gauges, days and who used it have what the API counts, also as a table and as CSV", async (t) => {
  const page = await open(t, ada);
  await page.goto(`${hub.url}/o/main/usage`);
  const gauge = page.getByRole("list", { name: "Limits" }).getByRole("listitem").filter({ hasText: "Messages" });
  await gauge.getByText("8 of 10 this month").waitFor();
  assert.equal(await gauge.getByRole("meter").getAttribute("aria-valuenow"), "8");
  await page.locator(".chart canvas").waitFor();
  await page.getByText("The same as a table").click();
  const today = page.locator(".twin tbody tr").first();
  assert.deepEqual(await today.locator("td").allInnerTexts(), ["8", "8"]);
  await page.getByLabel("What", { exact: true }).selectOption("streams");
  await until(async () => (await today.locator("td").allInnerTexts()).join() === "0,0", "the table of streams");
  const who = region(page, "Usage by agent");
  await who.getByRole("row", { name: /^sable 8/ }).waitFor();
  await page.getByRole("group", { name: "By" }).getByRole("button", { name: "Key" }).click();
  await region(page, "Usage by key").getByText(/^gck_/).waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download CSV by key" }).click()]);
  assert.match(download.suggestedFilename(), /^usage-\d{4}-\d\d-01-\d{4}-\d\d-\d\d-by-key\.csv$/);
  assert.match(await readFile(await download.path(), "utf8"), /messages/);
});

test("an owner sets a ceiling, and lifts it", async (t) => {
  const page = await open(t, ada);
  await page.goto(`${hub.url}/o/main/usage`);
  const cost = region(page, "What this month costs");
  await cost.getByRole("button", { name: "Set a ceiling" }).click();
  await page.getByLabel("US dollars").fill("50");
  await page.getByRole("dialog").getByRole("button", { name: "Set the ceiling" }).click();
  await cost.getByText("$50.00").waitFor();
  await cost.getByRole("button", { name: "Lift it" }).click();
  await cost.getByText("none").waitFor();
});

const inRoom = async (page, at) => {
  await page.goto(`${at.url}/w/main/rooms/lobby`);
  await page.getByText("Live", { exact: true }).waitFor();
  return page.locator(".banner").filter({ hasText: "Messages:" });
};

test("a room tells of the month by the connection, and where the plan stops", async (t) => {
  const page = await open(t, ada);
  await (await inRoom(page, hub)).getByText(/^Messages: 8 of 10 used\. Begins anew .*\d:\d\d/).waitFor();
  const free = await Hub.start({ TENANCY__DEFAULT_PLAN: "free", TENANCY__PLANS_FILE: plans.file });
  t.after(() => free.stop());
  await free.signIn();
  const room = await (await bot(free, "sable")).join("lobby");
  for (let i = 0; i < 10; i++) await room.publish({ text: `message ${i}` });
  const other = await open(t, await administrator(browser, free));
  await (await inRoom(other, free)).getByText("Messages: 10 of 10 used. Nothing is published. Streams and reading go on.").waitFor();
  await other.getByText(/^Writing stops until .*\d+:\d\d/).waitFor();
});

test("banners tell of 80, 100 and 200 %, each once put away stays so for its level", async (t) => {
  const page = await open(t, ada);
  await page.goto(`${hub.url}/o/main/members`);
  const banner = page.locator(".banner").filter({ hasText: "Messages" });
  await banner.getByText("8 of 10").waitFor();
  await banner.getByText("All goes on, and what lies beyond is charged.").waitFor();
  await banner.getByRole("button", { name: "Dismiss: Messages, 80 %" }).click();
  await banner.waitFor({ state: "detached" });
  await page.reload();
  await page.getByRole("list", { name: "Organization" }).waitFor();
  await page.goto(`${hub.url}/o/main/usage`);
  await page.getByText("8 of 10 this month").waitFor();
  assert.equal(await banner.count(), 0, "what was put away stays so");
  for (let i = 0; i < 12; i++) await lobby.publish({ text: `more ${i}` });
  await page.reload();
  await banner.getByRole("button", { name: "Dismiss: Messages, 200 %" }).waitFor();
  await until(async () => (await hub.api("/organizations/main/alerts")).length >= 3, "the alerts");
  await page.reload();
  const alerts = region(page, "List of alerts");
  for (const level of ["80%", "100%", "200%"]) await alerts.getByText(level).waitFor();
  await (await inRoom(page, hub)).getByText("All goes on, and what lies beyond is charged.").waitFor();
});

// The palette and the keys, without a mouse.

import assert from "node:assert/strict";
import { test } from "node:test";
import { administrator, inspect, open, LOOKS } from "./browser.mjs";
import { until } from "./client.mjs";
import { member } from "./people.mjs";
import { ada, browser, hub, stage } from "./stage.mjs";

stage(async () => {
  await hub.room("deploy-42");
  await hub.api("/workspaces/main/agents", { method: "POST", body: { name: "sable" } });
});

const palette = (page) => page.getByRole("combobox", { name: "Go to or do" });
const chosen = (page) => page.locator("[role=option][aria-selected=true]");

test("Ctrl K goes to rooms, agents and pages, and does what is asked", async (t) => {
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/rooms`);
  await page.getByRole("heading", { name: "Rooms", level: 1 }).waitFor();
  await page.keyboard.press("Control+k");
  await palette(page).waitFor();
  await page.keyboard.type("sab");
  await chosen(page).getByText("sable").waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "sable" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "main", "the focus is on the new page");
  await page.keyboard.press("Meta+k");
  await page.keyboard.type("deploy");
  await chosen(page).getByText("#deploy-42").waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "deploy-42" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("create a room");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Create a room" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
});

test("arrows move the choice around, and Esc gives the focus back", async (t) => {
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/rooms`);
  const create = page.getByRole("button", { name: "Create room" });
  await create.focus();
  await page.keyboard.press("Control+k");
  await chosen(page).getByText("Overview").waitFor();
  await page.keyboard.press("ArrowDown");
  await chosen(page).getByText("Rooms").waitFor();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await chosen(page).getByText("Sign out").waitFor();
  const id = await chosen(page).getAttribute("id");
  assert.equal(await palette(page).getAttribute("aria-activedescendant"), id);
  await page.keyboard.type("no such thing");
  await page.getByText("Nothing is called").waitFor();
  await page.keyboard.press("Escape");
  await palette(page).waitFor({ state: "detached" });
  assert.ok(await create.evaluate((button) => button === document.activeElement), "the focus is where it was");
});

test("single keys go to pages and list themselves, unless turned off or typed", async (t) => {
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/rooms`);
  await page.getByRole("heading", { name: "Rooms", level: 1 }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("u");
  await page.getByRole("heading", { name: "Usage and limits" }).waitFor();
  await page.keyboard.press("?");
  await page.getByRole("heading", { name: "Keys" }).waitFor();
  await page.getByText("Overview").last().waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await page.getByLabel("Your name").fill("");
  await page.getByLabel("Your name").pressSequentially("gu?");
  assert.equal(await page.getByLabel("Your name").inputValue(), "gu?");
  await page.getByRole("checkbox", { name: /^Single keys/ }).uncheck();
  await page.locator("#main").focus();
  await page.keyboard.press("?");
  await page.keyboard.press("Control+k");
  await palette(page).waitFor();
  assert.equal(await page.getByRole("heading", { name: "Keys" }).count(), 0);
  await page.keyboard.type("show the keys");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Keys" }).waitFor();
  assert.equal(await page.getByText("g then o").count(), 0);
  await page.keyboard.press("Escape");
  await page.getByRole("checkbox", { name: /^Single keys/ }).check();
});

test("a viewer finds nothing that they may not do", async (t) => {
  const page = await open(t, await member(browser, hub, { role: "viewer", email: "vera@example.com", name: "Vera" }));
  await page.goto(`${hub.url}/w/main`);
  await page.getByRole("heading", { name: "main", exact: true }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("option", { name: /sable/ }).waitFor();
  const names = await page.getByRole("option").allInnerTexts();
  assert.deepEqual(names.filter((name) => /keys|Invite|Create|Audit|Organization|Connections/i.test(name.split("\n")[0]) && !name.startsWith("Show")), []);
});

for (const [look, options] of Object.entries(LOOKS)) {
  test(`the palette and the keys, ${look}`, async (t) => {
    const page = await open(t, await administrator(browser, hub, options));
    await page.goto(`${hub.url}/w/main/rooms`);
    await page.getByRole("button", { name: /^Go to…/ }).click();
    await page.getByRole("option", { name: /sable/ }).waitFor();
    await inspect(page, `palette-${look}`);
    await page.keyboard.type("nothing of this name");
    await page.getByText("Nothing is called").waitFor();
    await inspect(page, `palette-nothing-${look}`);
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keys" }).waitFor();
    await until(async () => (await page.locator(".key-list dt").count()) > 5, "the list of keys");
    await inspect(page, `keys-list-${look}`);
    if (look !== "phone") return;
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Go to", exact: true }).click();
    await page.locator(".rail-menu .menu-panel").getByRole("link", { name: "Usage" }).waitFor();
    await inspect(page, `menu-${look}`);
  });
}

// The pictures of the README and of docs/dashboard.md, of a workspace that has been at work for a minute: `npm run screenshots`.

import assert from "node:assert/strict";
import { mkdir, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { LOOKS, administrator, launch } from "./browser.mjs";
import { until } from "./client.mjs";
import { Content } from "./content.mjs";
import { Hub } from "./hub.mjs";

const FOLDER = fileURLToPath(new URL("../../docs/images/", import.meta.url));
const MOST_BYTES = 250_000;
/** What comes in rooms after they were looked at. */
const NEWS = [["triage", "marcus", "Two more, both answered."], ["incident-19", "graham", "The write-up is in the docs."]];

/** Keeps a picture of a page as it stands. */
async function keep(page, name) {
  await until(() => page.evaluate(() => document.fonts.ready.then(() => true)), "the fonts");
  const path = `${FOLDER}${name}.png`;
  await page.screenshot({ path });
  const { size } = await stat(path);
  assert.ok(size < MOST_BYTES, `${path} has ${size} bytes`);
  console.log(`${path} ${size} bytes`);
}

await mkdir(FOLDER, { recursive: true });
const [hub, browser] = await Promise.all([
  Hub.start({ BOOTSTRAP__ORGANIZATION: "acme", BOOTSTRAP__WORKSPACE: "platform" }), launch(),
]);
await hub.signIn();
const content = await Content.fill(hub, { pace: 1 });
for (const look of ["light", "dark"]) {
  const page = await (await administrator(browser, hub, LOOKS[look])).newPage();
  for (const [room, agent, text] of NEWS) {
    await page.goto(`${hub.url}/w/platform/rooms/${room}`);
    await page.locator(".row").first().waitFor();
    await page.goto(`${hub.url}/w/platform`);
    await (await content.joined(agent, room)).publish({ text });
  }
  await page.goto(`${hub.url}/w/platform/rooms/deploy-42`);
  await page.getByText("Graphs are quiet.").waitFor();
  await page.locator(".term-row").getByText("50/50 open").waitFor();
  await keep(page, `dashboard-${look}`);
  await page.goto(`${hub.url}/w/platform/rooms/deploy-42?replay=`);
  const slider = page.getByRole("slider");
  await slider.focus();
  await page.keyboard.press("End");
  await page.keyboard.press("PageDown");
  await page.locator(".term-row").nth(12).waitFor();
  await page.getByText("Loading…").waitFor({ state: "detached" });
  await keep(page, `replay-${look}`);
}
const phone = await (await administrator(browser, hub, LOOKS.phone)).newPage();
await phone.goto(`${hub.url}/w/platform/rooms/deploy-42`);
await phone.getByText("Graphs are quiet.").waitFor();
await keep(phone, "phone-feed");
await phone.getByRole("button", { name: /^Output/ }).click();
await phone.locator(".term-row").nth(12).waitFor();
await keep(phone, "phone-output");
content.stop();
await browser.close();
await hub.stop();

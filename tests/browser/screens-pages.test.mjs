// Every page beside the room in light, in dark and on a phone: no violation of accessibility rules, no error,
// nothing to be scrolled sideways, and a screenshot of each for people to look at.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Content } from "./content.mjs";
import { Hub } from "./hub.mjs";
import { LOOKS, administrator, inspect, launch, open } from "./browser.mjs";
import { smallPlans } from "./plans.mjs";

let plans;
let hub;
let browser;
let content;
before(async () => {
  plans = await smallPlans();
  hub = await Hub.start({ TENANCY__DEFAULT_PLAN: "starter", TENANCY__PLANS_FILE: plans.file });
  browser = await launch();
  await hub.signIn();
  content = await Content.fill(hub);
});
after(async () => {
  content?.stop();
  await browser?.close();
  await hub?.stop();
  plans?.remove();
});

for (const [look, options] of Object.entries(LOOKS)) {
  /** A page and how to show it once it is there. */
  const pages = async (t) => {
    const page = await open(t, await administrator(browser, hub, options));
    const show = async (name) => {
      const over = await page.evaluate(() => {
        const content = document.querySelector(".content");
        return Math.max(document.documentElement.scrollWidth - innerWidth, content.scrollWidth - content.clientWidth);
      });
      assert.ok(over <= 0, `${name} is ${over} px too wide`);
      await inspect(page, `${name}-${look}`);
    };
    return { page, show };
  };

  test(`overview and usage, ${look}`, async (t) => {
    const { page, show } = await pages(t);
    await page.goto(`${hub.url}/w/main`);
    await page.getByRole("link", { name: "loadtest memo-50" }).waitFor();
    await page.getByText("for the image").first().waitFor();
    await page.getByRole("button", { name: "Dismiss: Messages, 100 %" }).waitFor();
    await show("overview");
    await page.goto(`${hub.url}/o/main/usage`);
    await page.locator(".chart canvas").waitFor();
    await page.getByRole("row", { name: /^sable/ }).waitFor();
    await show("usage");
    await page.getByText("The same as a table").click();
    await page.getByRole("button", { name: "Each day" }).click();
    await show("usage-table");
    await page.getByRole("button", { name: "Set a ceiling" }).click();
    await page.getByLabel("US dollars").waitFor();
    await show("ceiling");
  });
}

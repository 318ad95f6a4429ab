// Every page beside the room in light, in dark and on a phone: no violation of accessibility rules, no error,
// nothing to be scrolled sideways, and a screenshot of each for people to look at.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Content } from "./content.mjs";
import { Hub } from "./hub.mjs";
import { LOOKS, administrator, inspect, launch, open } from "./browser.mjs";
import { account } from "./people.mjs";
import { plansWith } from "./plans.mjs";
import { receiver } from "./receiver.mjs";

let plans;
let hook;
let hub;
let browser;
let content;
const people = {};
before(async () => {
  plans = await plansWith({ messages_per_month: 10 });
  hook = await receiver();
  hub = await Hub.start({ TENANCY__DEFAULT_PLAN: "starter", TENANCY__PLANS_FILE: plans.file, WEBHOOKS__ALLOWED_NETWORKS: "127.0.0.0/8" });
  browser = await launch();
  await hub.signIn();
  for (const [name, role] of [["Grace", "admin"], ["Edsger", "member"], ["Vera", "viewer"]]) {
    const email = `${name.toLowerCase()}@example.com`;
    people[name.toLowerCase()] = (await account(hub, { role, email, name })).user;
  }
  content = await Content.fill(hub);
});
after(async () => {
  content?.stop();
  await browser?.close();
  await hub?.stop();
  await hook?.stop();
  plans?.remove();
});

for (const [look, options] of Object.entries(LOOKS)) {
  let ada;
  /** A page and how to show it once it is there. */
  const pages = async (t) => {
    // One visitor for a look: the hub lets in ten times in a quarter of an hour.
    ada ??= await administrator(browser, hub, options);
    const page = await open(t, ada);
    const show = async (name) => {
      const over = await page.evaluate(() => {
        const content = document.querySelector(".content");
        return Math.max(document.documentElement.scrollWidth - innerWidth, content.scrollWidth - content.clientWidth);
      });
      assert.ok(over <= 0, `${name} is ${over} px too wide`);
      const broken = await page.locator(".segmented button").evaluateAll((all) => all.filter(({ innerText, clientHeight }) => !/\s/.test(innerText) && clientHeight > 32).map(({ innerText }) => innerText));
      assert.deepEqual(broken, [], `words broken in ${name}`);
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

  test(`members and access, ${look}`, async (t) => {
    const { page, show } = await pages(t);
    const slug = `lab-${look}`;
    await hub.api("/organizations/main/workspaces", { method: "POST", body: { slug } });
    await hub.api(`/workspaces/${slug}`, { method: "PATCH", body: { access: "listed" } });
    await hub.api(`/workspaces/${slug}/members/${people.edsger.id}`, { method: "PUT", body: { role: "member" } });
    await page.goto(`${hub.url}/o/main/members`);
    await page.getByRole("row").filter({ hasText: "vera@example.com" }).waitFor();
    await show("members");
    await page.getByRole("button", { name: "Change the role of Grace" }).click();
    await show("change-role");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Invite", exact: true }).click();
    await show("invite-somebody");
    await page.getByRole("dialog").getByRole("button", { name: "Make the link" }).click();
    await page.getByRole("heading", { name: "An invite" }).waitFor();
    await page.getByRole("button", { name: "Take back the invite for whoever has the link" }).first().waitFor();
    await show("invite-link");
    await page.goto(`${hub.url}/w/${slug}/settings`);
    await page.getByRole("row").filter({ hasText: "edsger@example.com" }).waitFor();
    await show("workspace-settings");
    await page.getByRole("button", { name: "Delete workspace" }).click();
    await show("delete-workspace");
  });

  test(`settings, ${look}`, async (t) => {
    const { page, show } = await pages(t);
    await page.goto(`${hub.url}/account/settings`);
    await page.getByText("this one").waitFor();
    await show("account-settings");
    await page.evaluate(() => (document.documentElement.dataset.density = "compact"));
    await show("account-settings-compact");
    await page.goto(`${hub.url}/o/main/organization`);
    await page.getByLabel("Command for the operator").waitFor();
    await page.getByText("Nobody is told outside").waitFor();
    await show("organization");
    await page.getByRole("button", { name: "Add a receiver" }).click();
    await page.getByLabel("Address").fill(hook.url);
    await show("add-receiver");
    await page.getByRole("dialog").getByRole("button", { name: "Add" }).click();
    await page.locator(".secret-value").waitFor();
    await page.getByRole("button", { name: /^Delete http/ }).waitFor();
    await show("receiver-secret");
    await page.getByRole("button", { name: /^Test / }).click();
    await page.getByRole("dialog").getByText("delivered").waitFor();
    await show("deliveries");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Delete organization" }).click();
    await show("delete-organization");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /^Delete http/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("Nobody is told outside").waitFor();
  });

  test(`agents, keys, connections and the audit log, ${look}`, async (t) => {
    const { page, show } = await pages(t);
    const slug = `bare-${look}`;
    await hub.api("/organizations/main/workspaces", { method: "POST", body: { slug } });
    await page.goto(`${hub.url}/w/${slug}`);
    await page.getByText("Put the first output into a room").waitFor();
    await page.getByText("No agent is connected").waitFor();
    await show("overview-empty");
    await page.goto(`${hub.url}/w/${slug}/agents`);
    await page.getByText("No agents yet").waitFor();
    await show("no-agents");
    await page.getByRole("button", { name: "Create agent" }).click();
    await show("create-agent");
    await page.goto(`${hub.url}/w/main/agents`);
    await page.getByRole("link", { name: "loadtest memo-50" }).waitFor();
    await show("agents");
    await page.goto(`${hub.url}/w/main/agents/sable`);
    await page.getByRole("region", { name: "List of output" }).getByText("failed").waitFor();
    await page.getByText("sable 1.0.0").first().waitFor();
    await page.getByRole("button", { name: /^Rotate/ }).first().waitFor();
    await show("agent");
    await page.getByRole("button", { name: /^Rotate/ }).first().click();
    await show("rotate-key");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Disable" }).click();
    await show("disable-agent");
    await page.goto(`${hub.url}/w/main/connections`);
    await page.getByRole("row").filter({ hasText: "devonte" }).waitFor();
    await show("connections");
    await page.getByRole("button", { name: /^End the connection of devonte/ }).first().click();
    await page.getByRole("dialog").getByText("not to come back by itself").waitFor();
    await show("end-connection");
    await page.keyboard.press("Escape");
    await page.goto(`${hub.url}/w/main/search`);
    await page.getByText("What are you looking for?").waitFor();
    await show("search-empty");
    await page.goto(`${hub.url}/w/main/search?q=hub`);
    await page.locator(".hits mark").first().waitFor();
    await show("search");
    await page.goto(`${hub.url}/cluster`);
    await page.getByRole("row").filter({ hasText: "node-" }).waitFor();
    await show("cluster");
    await page.goto(`${hub.url}/o/main/audit`);
    await page.getByText("key: made").first().waitFor();
    await show("audit");
  });
}

// Every screen in light, in dark and on a phone: no violation of accessibility rules, no error, and a
// screenshot of each for people to look at.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Content } from "./content.mjs";
import { Hub, PASSWORD } from "./hub.mjs";
import { LOOKS, administrator, fillSignIn, forgive, inspect, launch, open, visitor } from "./browser.mjs";
import { until } from "./client.mjs";

let fresh;
let hub;
let browser;
let content;
before(async () => {
  fresh = await Hub.start({ administrator: false });
  hub = await Hub.start();
  browser = await launch();
  await hub.signIn();
  content = await Content.fill(hub);
});
after(async () => {
  content?.stop();
  await browser?.close();
  await Promise.all([fresh?.stop(), hub?.stop()]);
});

for (const [look, options] of Object.entries(LOOKS)) {
  const phone = look === "phone";
  const tab = async (page, name) => phone && page.getByRole("group", { name: "Part of the room" }).getByRole("button", { name }).click();

  test(`before the door, ${look}`, async (t) => {
    const page = await open(t, await visitor(browser, options));
    const show = (name) => inspect(page, `${name}-${look}`);
    await page.goto(`${fresh.url}/setup`);
    await page.getByLabel("Setup link").waitFor();
    await show("setup");
    await page.goto(`${fresh.url}/sign-in`);
    await page.getByText("This hub has no administrator yet").waitFor();
    await show("sign-in-before-setup");
    await page.goto(`${hub.url}/register`);
    await page.getByText("Accounts are made by invite").waitFor();
    await show("register-by-invite");
    await page.goto(`${hub.url}/forgot`);
    await page.getByText("This hub sends no mail").waitFor();
    await show("forgot-without-mail");
    await page.goto(`${hub.url}/reset#token`);
    await page.getByRole("button", { name: "Set password" }).waitFor();
    await show("reset");
    const made = await hub.api("/organizations/main/invites", { method: "POST", body: { role: "member" } });
    await page.goto(`${hub.url}/invite#${made.token}`);
    await page.getByRole("button", { name: "Create account and join" }).waitFor();
    await show("invite");
    await page.goto(`${hub.url}/sign-in`);
    await fillSignIn(page, `${PASSWORD}!`);
    await page.getByRole("alert").waitFor();
    forgive(page, /401/);
    await show("sign-in-refused");
  });

  test(`rooms and keys, ${look}`, async (t) => {
    const slug = `research-${look}`;
    await hub.api("/organizations/main/workspaces", { method: "POST", body: { name: "Research", slug } });
    const page = await open(t, await administrator(browser, hub, options));
    const show = (name) => inspect(page, `${name}-${look}`);
    await page.goto(`${hub.url}/w/main/rooms`);
    await page.getByText("2 streams running").waitFor();
    await show("rooms");
    await page.getByRole("button", { name: "Switch workspace" }).click();
    await show("switch-workspace");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Account" }).click();
    await show("account");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Create room" }).click();
    await show("create-room");
    await page.goto(`${hub.url}/w/${slug}/keys`);
    await page.getByText("No keys yet").waitFor();
    await show("no-keys");
    await page.getByRole("button", { name: "Create key" }).click();
    await show("create-key");
    await page.getByRole("textbox", { name: "Agent" }).fill("deploy-bot");
    await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
    await page.getByRole("heading", { name: "The key of deploy-bot" }).waitFor();
    await page.getByRole("button", { name: /^Revoke/ }).waitFor();
    await show("secret");
    await page.getByRole("button", { name: /^Revoke/ }).click();
    await show("revoke");
    await page.goto(`${hub.url}/w/main/keys`);
    await page.getByText("yuki").first().waitFor();
    await show("keys");
    await page.goto(`${hub.url}/w/main/rooms/not-there`);
    await page.getByText("#not-there cannot be opened").waitFor();
    await show("room-missing");
    await page.goto(`${hub.url}/w/not-there`);
    await page.getByText("There is nothing here").waitFor();
    await show("missing");
  });

  test(`a room, ${look}`, async (t) => {
    const context = await administrator(browser, hub, options);
    const page = await open(t, context);
    const show = (name) => inspect(page, `${name}-${look}`);
    await page.goto(`${hub.url}/w/main/rooms/ideas`);
    await page.getByText("Nothing here yet").waitFor();
    await show("room-empty");
    await page.goto(`${hub.url}/w/main/rooms/evals`);
    await page.getByText("eval.finished").waitFor();
    if (!phone) await page.locator(".term-row").getByText("412 passed, 3 failed").waitFor();
    await show("room-json");
    await page.goto(`${hub.url}/w/main/rooms/deploy-42`);
    await page.getByText("Graphs are quiet.").waitFor();
    await show("room");
    await tab(page, /^Output/);
    await page.locator(".term-row").getByText("50/50 open").waitFor();
    if (phone) await show("output");
    await page.locator(".stream-list").getByText("cargo test --workspace").click();
    await page.getByText("error: test failed").waitFor();
    await show("output-failed");
    await page.getByRole("button", { name: "Wrap lines" }).click();
    await until(() => page.locator(".term").evaluate(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth), "wrapped lines");
    await show("output-wrapped");
    if (phone) {
      await tab(page, /^People/);
      await show("people");
      await tab(page, "Feed");
    } else {
      await page.getByRole("button", { name: "Use the whole width" }).click();
      await show("output-large");
      await page.getByRole("button", { name: "Use the whole width" }).click();
      await page.getByRole("button", { name: "here" }).click();
      await show("people");
      await page.keyboard.press("Escape");
    }
    await until(async () => {
      await page.locator(".feed-scroll").press("Home");
      return page.getByText("The beginning of #deploy-42").isVisible();
    }, "the beginning");
    await page.getByRole("button", { name: /Latest|new/ }).waitFor();
    await page.locator(".fold", { hasText: "Reasoning" }).locator("summary").click();
    await page.locator(".fold .md").waitFor();
    await page.locator(".fold", { hasText: "Arguments" }).locator("summary").click();
    await page.locator(".fold pre").waitFor();
    await page.getByText("1 reply").first().click();
    await page.locator('[data-seq="1"] .row-head').hover();
    await page.getByRole("group", { name: "Message 1", exact: true }).waitFor();
    await show("room-beginning");
    await page.getByRole("button", { name: /Latest|new/ }).click();
    await writing(page, show);
    await away(page, context, show);
  });

  test(`output and replay, ${look}`, async (t) => {
    const page = await open(t, await administrator(browser, hub, options));
    const show = (name) => inspect(page, `${name}-${look}`);
    await page.goto(`${hub.url}/w/main/rooms/deploy-42`);
    await page.getByText("Graphs are quiet.").waitFor();
    await tab(page, /^Output/);
    await page.locator(".stream-list").getByText("cargo test --workspace").click();
    await page.getByText("error: test failed").waitFor();
    await page.getByRole("button", { name: "Find in this output" }).click();
    await page.getByLabel("Find in output").fill("quota::");
    await page.keyboard.press("Enter");
    await until(async () => / of /.test(await page.locator(".find-count").innerText()), "matches");
    await page.locator(".term-row.marked mark").first().waitFor();
    await show("output-find");
    await page.getByRole("button", { name: "How output is shown" }).click();
    await show("output-shown-as");
    await page.keyboard.press("Escape");
    await page.goto(`${hub.url}/w/main/rooms/deploy-42?at=3`);
    await page.locator(".at").waitFor();
    await show("room-at");
    await page.goto(`${hub.url}/w/main/rooms/deploy-42?replay=`);
    await page.getByRole("slider").waitFor();
    await show("replay-begin");
    await page.getByRole("slider").press("End");
    await page.getByText("Graphs are quiet.").waitFor();
    await page.locator(".replay .term-row").first().waitFor();
    await show("replay-end");
  });
}

/** Somebody is mentioned, and an answer is written. */
async function writing(page, show) {
  const message = page.getByLabel("Message #deploy-42");
  await page.locator("[data-seq]", { hasText: "Looks good." }).hover();
  await page.getByRole("button", { name: "Answer", exact: true }).click();
  await message.pressSequentially("@s");
  await page.getByRole("option").first().waitFor();
  await show("room-mention");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await message.fill("");
}

/** The hub goes and comes back, while somebody writes. */
async function away(page, context, show) {
  await hub.kill();
  await context.setOffline(true);
  await page.getByLabel("Message #deploy-42").fill("Hold the roll until hub-2 is up, please.");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText(/^Reconnecting in/).waitFor();
  await show("reconnecting");
  await hub.start();
  const room = await content.joined("graham", "deploy-42");
  for (const text of ["hub-2 drains", "hub-2 is back, 0.4.0", "both nodes are on 0.4.0"]) await room.publish({ text });
  await context.setOffline(false);
  await page.getByText(/^You missed/).waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  await show("missed");
  await page.getByRole("button", { name: "Jump to first" }).click();
  await page.getByText("while you were away").waitFor();
  assert.equal(await page.locator(".content").evaluate((content) => content.scrollTop), 0, "the page itself does not move");
  await show("missed-first");
}

// One's own settings, and those of the organization.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { EMAIL, Hub, PASSWORD } from "./hub.mjs";
import { administrator, forgive, launch, open } from "./browser.mjs";
import { until } from "./client.mjs";
import { member } from "./people.mjs";
import { receiver, stripe } from "./receiver.mjs";

let payments;
let hub;
let browser;
let ada;
before(async () => {
  payments = await stripe();
  hub = await Hub.start({
    TENANCY__DEFAULT_PLAN: "free",
    WEBHOOKS__ALLOWED_NETWORKS: "127.0.0.0/8",
    SERVER__PUBLIC_URL: "http://127.0.0.1",
    STRIPE__SECRET_KEY: "sk_test_51NotARealKey",
    STRIPE__WEBHOOK_SECRETS: "whsec_0123456789abcdef0123456789",
    STRIPE__PRICES: "starter=price_starter,pro=price_pro",
    STRIPE__API_URL: payments.url,
  });
  browser = await launch();
  await hub.signIn();
  ada = await administrator(browser, hub);
});
after(async () => {
  await browser?.close();
  await hub?.stop();
  await payments?.stop();
});

const region = (page, name) => page.getByRole("region", { name, exact: true });
const dialog = (page) => page.getByRole("dialog");

test("a name is changed, and a wrong current password is told", async (t) => {
  const page = await open(t, ada);
  await page.goto(`${hub.url}/account/settings`);
  await page.getByLabel("Your name").fill("Ada L.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".rail-foot").getByText("Ada L.").waitFor();
  await page.getByLabel("Current password").fill("not the password");
  await page.getByLabel("New password").fill("a whole new sentence");
  await page.getByRole("button", { name: "Change password" }).click();
  await region(page, "Password").getByRole("alert").waitFor();
  forgive(page, /40\d/);
});

test("sessions are listed and ended, and a new password ends the others", async (t) => {
  const context = await member(browser, hub, { role: "member", email: "sue@example.com", name: "Sue" });
  const signIn = () => hub.api("/auth/login", { method: "POST", body: { email: "sue@example.com", password: PASSWORD } });
  const gone = async ({ access_token: token }) => until(() => hub.api("/me", { token }).then(() => false, () => true), "the end of the session");
  const first = await signIn();
  const page = await open(t, context);
  await page.goto(`${hub.url}/account/settings`);
  const rows = region(page, "List of sessions").locator("tbody tr");
  // One was begun by the invite.
  await rows.nth(2).waitFor();
  await rows.filter({ hasText: "this one" }).getByText("Chrome on Linux").waitFor();
  await rows.filter({ hasText: "node" }).getByRole("button", { name: /^End the session of node/ }).first().click();
  await until(async () => (await rows.count()) === 2, "the list without it");
  await page.getByRole("button", { name: "End all others" }).click();
  await dialog(page).getByRole("button", { name: "End them" }).click();
  await until(async () => (await rows.count()) === 1, "only this session");
  await gone(first);
  const second = await signIn();
  await page.getByLabel("Current password").fill(PASSWORD);
  await page.getByLabel("New password").fill("a whole new sentence");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("Changed. Every other session has ended.").waitFor();
  await gone(second);
  await page.reload();
  await page.getByRole("heading", { name: "Your settings" }).waitFor();
});

test("theme, density and shortcuts are remembered on the device", async (t) => {
  const page = await open(t, ada);
  await page.goto(`${hub.url}/account/settings`);
  await region(page, "On this device").getByRole("button", { name: "Dark" }).click();
  await page.getByRole("button", { name: "Compact" }).click();
  await page.getByRole("checkbox", { name: /^Single keys/ }).uncheck();
  await page.reload();
  await page.getByRole("button", { name: "Compact", pressed: true }).waitFor();
  assert.deepEqual(await page.evaluate(() => ({ ...document.documentElement.dataset, connection: undefined })), { theme: "dark", density: "compact", connection: undefined });
  assert.equal(await page.getByRole("checkbox", { name: /^Single keys/ }).isChecked(), false);
  await region(page, "On this device").getByRole("button", { name: "System" }).click();
  await page.getByRole("button", { name: "Comfortable" }).click();
  await page.getByRole("checkbox", { name: /^Single keys/ }).check();
});

test("a receiver is added with a secret shown once, tested, disabled, and deleted", async (t) => {
  const hook = await receiver();
  t.after(() => hook.stop());
  const page = await open(t, ada);
  await page.goto(`${hub.url}/o/main/organization`);
  await page.getByRole("button", { name: "Add a receiver" }).click();
  await page.getByLabel("Address").fill(`${hook.url}/hook`);
  await dialog(page).getByRole("button", { name: "Add" }).click();
  await page.locator(".secret-value").getByText(/^whsec_/).waitFor();
  await page.getByRole("button", { name: "I have kept it" }).click();
  await page.getByRole("button", { name: /^Test / }).click();
  await dialog(page).getByText("webhook.test").waitFor();
  await dialog(page).getByText("delivered").waitFor();
  await until(() => hook.requests.some(({ path, headers }) => path === "/hook" && headers["webhook-signature"]), "the signed test");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Disable / }).click();
  await page.getByText(/^disabled/).waitFor();
  await page.getByRole("button", { name: /^Enable / }).click();
  await page.getByRole("button", { name: /^New secret/ }).click();
  await dialog(page).getByRole("button", { name: "Make it" }).click();
  await page.locator(".secret-value").getByText(/^whsec_/).waitFor();
  await page.getByRole("button", { name: /^Delete http/ }).click();
  await dialog(page).getByRole("button", { name: "Delete" }).click();
  await page.getByText("Nobody is told outside").waitFor();
});

test("owners buy a plan at Stripe, admins only see the plans", async (t) => {
  const admin = await open(t, await member(browser, hub, { role: "admin", email: "amy@example.com", name: "Amy" }));
  await admin.goto(`${hub.url}/o/main/organization`);
  await admin.getByText("Owners buy and change plans.").waitFor();
  assert.equal(await admin.getByRole("button", { name: /^Buy|Delete organization|Manage/ }).count(), 0);
  const page = await open(t, ada);
  await page.goto(`${hub.url}/o/main/organization`);
  await page.getByRole("button", { name: "Buy Starter" }).click();
  await page.waitForURL(`${payments.pages}/checkout`);
  assert.ok(payments.requests.some(({ body }) => body.includes("price_starter")));
});

test("where nothing is for sale, the page says how plans are given", async (t) => {
  const other = await Hub.start({ BOOTSTRAP__ORGANIZATION: "acme" });
  t.after(() => other.stop());
  const page = await open(t, await administrator(browser, other));
  await page.goto(`${other.url}/o/acme/organization`);
  await page.getByLabel("Command for the operator").getByText("generic-corp admin plan acme").waitFor();
  await page.getByRole("textbox", { name: "Name" }).fill("Acme, Inc.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".switcher").getByText("Acme, Inc.").waitFor();
  await page.getByRole("button", { name: "Delete organization" }).click();
  await page.getByLabel(/^Type/).fill("acme");
  await dialog(page).getByRole("button", { name: "Delete for good" }).click();
  await page.getByText("There is nothing here").waitFor();
  assert.equal((await other.api("/me", { token: (await other.api("/auth/login", { method: "POST", body: { email: EMAIL, password: PASSWORD } })).access_token })).organizations.length, 0);
});

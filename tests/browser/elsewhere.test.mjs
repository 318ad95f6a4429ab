// Sign-in at a provider on another site, and how the pages before it look.

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { EMAIL, Hub } from "./hub.mjs";
import { LOOKS, forgive, inspect, launch, open, visitor } from "./browser.mjs";
import { Provider } from "./provider.mjs";

let provider;
let hub;
let browser;
before(async () => {
  provider = await Provider.start();
  const port = await freePort();
  hub = await Hub.start({
    SERVER__PORT: String(port), SERVER__PUBLIC_URL: `http://127.0.0.1:${port}`,
    OIDC__ISSUER: provider.issuer, OIDC__CLIENT_ID: "hub", OIDC__NAME: "Northwind ID",
  });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await hub?.stop();
  provider?.stop();
});

/** The hub has to know its own address before it listens. */
async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

const button = (page) => page.getByRole("button", { name: "Sign in with Northwind ID" });

test("who signs in at the provider comes back to the page that was wanted", async (t) => {
  provider.person = { sub: "ada", email: EMAIL, email_verified: true };
  const page = await open(t, await visitor(browser));
  await page.goto(`${hub.url}/w/main/keys`);
  await button(page).click();
  await page.getByRole("heading", { name: /keys/i }).first().waitFor();
  assert.equal(page.url(), `${hub.url}/w/main/keys`, "nothing of the answer is left in the address");
  await page.reload();
  await page.getByRole("heading", { name: /keys/i }).first().waitFor();
  await page.goBack();
  assert.ok(!page.url().includes("code="), page.url());
});

for (const [look, options] of Object.entries(LOOKS)) {
  test(`the pages around the provider, ${look}`, async (t) => {
    const page = await open(t, await visitor(browser, options));
    const show = (name) => inspect(page, `${name}-${look}`);
    await page.goto(`${hub.url}/sign-in`);
    await button(page).waitFor();
    await show("sign-in-with");
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "nothing sticks out");
    provider.person = undefined;
    await button(page).click();
    await page.getByRole("heading", { name: "You are not signed in" }).waitFor();
    forgive(page, /403/);
    await show("sign-in-with-refused");
    await page.getByRole("link", { name: "Back to the sign-in" }).click();
    await button(page).waitFor();
  });
}

test("where the provider is away the page says so and takes a password", async (t) => {
  const gone = await Provider.start();
  gone.stop();
  const other = await Hub.start({ SERVER__PUBLIC_URL: "http://127.0.0.1:1", OIDC__ISSUER: gone.issuer, OIDC__CLIENT_ID: "hub", OIDC__NAME: "Northwind ID" });
  t.after(() => other.stop());
  const page = await open(t, await visitor(browser, LOOKS.phone));
  await page.goto(`${other.url}/sign-in`);
  await button(page).click();
  await page.getByRole("alert").getByText("sign in by password").waitFor();
  forgive(page, /503/);
  await inspect(page, "sign-in-with-away-phone");
  assert.equal(await page.getByLabel("Password").isEnabled(), true);
});

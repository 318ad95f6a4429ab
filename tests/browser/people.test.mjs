// How people come in by links, against a real hub.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { EMAIL, Hub, PASSWORD } from "./hub.mjs";
import { administrator, forgive, launch, open, visitor } from "./browser.mjs";

const NEW = "a fresh pair of ferrets";

let hub;
let browser;
before(async () => {
  hub = await Hub.start({ AUTH__REGISTRATION: "open" });
  browser = await launch();
  await hub.signIn();
});
after(async () => {
  await browser?.close();
  await hub?.stop();
});

const invite = (body) => hub.api("/organizations/main/invites", { method: "POST", body });

test("an invite makes an account, once, and its secret leaves the address", async (t) => {
  const { token } = await invite({ role: "member", email: "grace@example.com" });
  const page = await open(t, await visitor(browser));
  await page.goto(`${hub.url}/invite#${token}`);
  await page.getByText("Ada invites you, as member.").waitFor();
  assert.equal(new URL(page.url()).hash, "", "the secret is out of the address");
  await page.getByText("For grace@example.com").waitFor();
  await page.getByLabel("Your name").fill("Grace");
  await page.getByLabel("Password").fill("password123");
  await page.getByRole("button", { name: "Create account and join" }).click();
  await page.getByRole("alert").getByText("guessed first").waitFor();
  forgive(page, /400|422/);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create account and join" }).click();
  await page.getByRole("heading", { name: "main" }).waitFor();
  const late = await open(t, await visitor(browser));
  await late.goto(`${hub.url}/invite#${token}`);
  await late.getByRole("heading", { name: "This invite is not open" }).waitFor();
  forgive(late, /401/);
});

test("somebody with an account joins by it", async (t) => {
  const page = await open(t, await visitor(browser));
  await page.goto(`${hub.url}/register`);
  await page.getByLabel("Your name").fill("Eve");
  await page.getByLabel("E-mail").fill("eve@example.com");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByLabel("Organization").fill("eves");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "main" }).waitFor();
  const { token } = await invite({ role: "viewer" });
  await page.goto(`${hub.url}/invite#${token}`);
  await page.getByRole("button", { name: "Join as eve@example.com" }).click();
  await page.getByRole("heading", { name: "main" }).waitFor();
  await page.getByRole("button", { name: "Switch workspace" }).click();
  assert.equal(await page.locator("[role=dialog] a, .menu a").filter({ hasText: "main" }).count(), 2);
});

test("views that need no session ask for none, also where one has ended unseen", async (t) => {
  const page = await open(t, await visitor(browser));
  await page.goto(`${hub.url}/sign-in`);
  await page.evaluate(() => localStorage.setItem("gc.session", "1"));
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  for (const [path, title] of [["reset", "Set a new password"], ["confirm#token", "Finish your account"], ["setup", "Already set up"], ["forgot", "A new password"]]) {
    await page.goto(`${hub.url}/${path}`);
    await page.getByRole("heading", { name: title }).waitFor();
  }
  assert.deepEqual(asked.filter((path) => path.startsWith("/api/v1/auth/")), []);
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  forgive(page, /401/);
  await page.goto(`${hub.url}/forgot`);
  await page.getByRole("heading", { name: "A new password" }).waitFor();
});

test("a session that ends behind a page which made it leads to the sign-in", async (t) => {
  const { token } = await invite({ role: "member" });
  await hub.api("/invites/accept", { method: "POST", token: undefined, body: { token, name: "Ina", email: "ina@example.com", password: PASSWORD } });
  const { stdout } = await promisify(execFile)(hub.binary, ["admin", "reset", "ina@example.com"], { env: hub.env });
  const page = await open(t, await visitor(browser));
  await page.goto(`${hub.url}${stdout.trim()}`);
  await page.getByLabel("Password").fill(NEW);
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByLabel("E-mail").fill("ina@example.com");
  await page.getByLabel("Password").fill(NEW);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "main" }).waitFor();
  const session = await hub.api("/auth/login", { method: "POST", token: undefined, body: { email: "ina@example.com", password: NEW } });
  await hub.api("/me/password", { method: "POST", token: session.access_token, body: { current: NEW, password: PASSWORD } });
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  forgive(page, /401/);
});

test("the operator's link sets a new password and signs out everywhere", async (t) => {
  const context = await administrator(browser, hub);
  const page = await open(t, context);
  const { stdout } = await promisify(execFile)(hub.binary, ["admin", "reset", EMAIL], { env: hub.env });
  await page.goto(`${hub.url}${stdout.trim()}`);
  await page.getByLabel("Password").fill(NEW);
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByRole("heading", { name: "Your password is set" }).waitFor();
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByLabel("E-mail").fill(EMAIL);
  await page.getByLabel("Password").fill(NEW);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "main" }).waitFor();
});

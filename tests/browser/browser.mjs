// Chromium, with what every page is held to: no errors, no violations of accessibility rules.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chromium } from "playwright-core";
import { EMAIL, PASSWORD } from "./hub.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
const asked = process.env.GENERIC_CORP_SCREENSHOTS;
export const SCREENSHOTS = asked ? resolve(asked) : mkdtempSync(join(tmpdir(), "generic-corp-screenshots-"));
mkdirSync(SCREENSHOTS, { recursive: true });

export const LOOKS = {
  light: { viewport: { width: 1440, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1440, height: 900 }, colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "light", hasTouch: true },
};

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
}

/** A visitor, with cookies of their own. */
export function visitor(browser, look = LOOKS.light) {
  return browser.newContext({ ...look, reducedMotion: "reduce" });
}

/** A page that keeps what goes wrong in `faults`; it ends with the test `t`, which fails when there was any. */
export async function open(t, context) {
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(`${error}`));
  page.on("console", (message) => {
    // A hub that is away is what some tests are about.
    if (message.type() === "error" && !/net::ERR_|WebSocket connection/.test(message.text())) page.faults.push(message.text());
  });
  t.after(async () => {
    await page.close();
    assert.deepEqual(page.faults, []);
  });
  return page;
}

export async function fillSignIn(page, password = PASSWORD) {
  await page.getByLabel("E-mail").fill(EMAIL);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** The administrator as a visitor; the hub lets in ten times a few minutes, so tests share them. */
export async function administrator(browser, hub, look) {
  const context = await visitor(browser, look);
  const page = await context.newPage();
  await page.goto(`${hub.url}/sign-in`);
  await fillSignIn(page);
  await page.waitForSelector(".shell");
  await page.close();
  return context;
}

/** Takes out the faults that were to be expected, such as the browser's own line about an answer of 401; or may be. */
export function forgive(page, pattern, { perhaps = false } = {}) {
  const others = page.faults.filter((fault) => !pattern.test(fault));
  if (!perhaps) assert.notEqual(others.length, page.faults.length, `no fault like ${pattern} among ${JSON.stringify(page.faults)}`);
  page.faults.splice(0, Infinity, ...others);
}

/** Holds what is shown to the accessibility rules, and keeps a picture of it. */
export async function inspect(page, name) {
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  // Evaluated, because the page's own policy forbids added scripts.
  const { violations } = await page.evaluate(`${axe}; axe.run(document, { resultTypes: ["violations"] })`);
  const said = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
  assert.deepEqual(said, [], `accessibility of ${name}`);
}

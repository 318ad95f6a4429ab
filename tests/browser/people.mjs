// Further people of an organization, made by invites.

import { PASSWORD } from "./hub.mjs";
import { LOOKS, visitor } from "./browser.mjs";

/** An account that came by an invite; answers with its session. */
export async function account(hub, { role, email, name, organization = "main" }) {
  const { token } = await hub.api(`/organizations/${organization}/invites`, { method: "POST", body: { role, email } });
  return hub.api("/invites/accept", { method: "POST", token: undefined, body: { token, name, password: PASSWORD } });
}

/** A new member as a visitor who is signed in. */
export async function member(browser, hub, { look = LOOKS.light, ...who }) {
  await account(hub, who);
  const context = await visitor(browser, look);
  const page = await context.newPage();
  await page.goto(`${hub.url}/sign-in`);
  await page.getByLabel("E-mail").fill(who.email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForSelector(".shell");
  await page.close();
  return context;
}

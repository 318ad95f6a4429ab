// Members, roles, invites and who may come into a workspace.

import assert from "node:assert/strict";
import { test } from "node:test";
import { EMAIL } from "./hub.mjs";
import { open, visitor } from "./browser.mjs";
import { bot } from "./client.mjs";
import { account, member } from "./people.mjs";
import { ada, browser, hub, stage } from "./stage.mjs";

stage();

const row = (page, name) => page.getByRole("row").filter({ hasText: name });
const dialog = (page) => page.getByRole("dialog");

test("an invite's link is shown once and leads in, and an open one can be taken back", async (t) => {
  const page = await open(t, ada);
  await page.goto(`${hub.url}/o/main/members`);
  const invite = async (email) => {
    await page.getByRole("button", { name: "Invite", exact: true }).click();
    await page.getByLabel("E-mail").fill(email);
    await page.getByRole("radio", { name: /^admin/ }).check();
    await dialog(page).getByRole("button", { name: "Make the link" }).click();
    await page.getByRole("heading", { name: `An invite for ${email}` }).waitFor();
    return page.locator(".secret-value code").innerText();
  };
  const link = await invite("grace@example.com");
  const guest = await open(t, await visitor(browser));
  await guest.goto(link);
  await guest.getByText("ada invites you, as admin.").waitFor();
  await page.getByRole("button", { name: "I have kept it" }).click();
  await page.reload();
  await row(page, "grace@example.com").waitFor();
  assert.ok(!(await page.content()).includes(link.split("#")[1]), "the link is shown only once");
  await page.getByRole("button", { name: "Take back the invite for grace@example.com" }).click();
  await dialog(page).getByRole("button", { name: "Take back" }).click();
  await page.getByText("No invite is open.").waitFor();
});

test("roles are changed and members removed; the last owner stays", async (t) => {
  await account(hub, { role: "viewer", email: "vera@example.com", name: "Vera" });
  const page = await open(t, ada);
  await page.goto(`${hub.url}/o/main/members`);
  await row(page, "vera@example.com").waitFor();
  assert.equal(await row(page, EMAIL).getByRole("button").count(), 0, "nothing is offered for the last owner");
  await page.getByRole("button", { name: "Change the role of Vera" }).click();
  await page.getByRole("radio", { name: /^owner/ }).check();
  await dialog(page).getByRole("button", { name: "Change the role" }).click();
  await row(page, "vera@example.com").getByText("owner").waitFor();
  await row(page, EMAIL).getByRole("button", { name: "Leave the organization" }).waitFor();
  await page.getByRole("button", { name: "Remove Vera" }).click();
  await dialog(page).getByRole("button", { name: "Remove" }).click();
  await row(page, "vera@example.com").waitFor({ state: "detached" });
  await row(page, EMAIL).getByText("(the last one)").waitFor();
});

test("an admin neither touches owners nor makes them, and a member sees who is in and may leave", async (t) => {
  const admin = await open(t, await member(browser, hub, { role: "admin", email: "amy@example.com", name: "Amy" }));
  await admin.goto(`${hub.url}/o/main/members`);
  await row(admin, EMAIL).waitFor();
  assert.equal(await row(admin, EMAIL).getByRole("button").count(), 0);
  await admin.getByRole("button", { name: "Invite", exact: true }).click();
  await admin.getByRole("radio", { name: /^admin/ }).waitFor();
  assert.equal(await admin.getByRole("radio", { name: /^owner/ }).count(), 0);
  const page = await open(t, await member(browser, hub, { role: "member", email: "max@example.com", name: "Max" }));
  await page.goto(`${hub.url}/o/main/members`);
  await row(page, "max@example.com").waitFor();
  assert.deepEqual(await page.locator("main").getByRole("button").allInnerTexts(), ["Leave"]);
  await page.getByRole("button", { name: "Leave the organization" }).click();
  await dialog(page).getByRole("button", { name: "Leave" }).click();
  await page.getByText("There is nothing here").waitFor();
});

test("a long name and address wrap, and leave what can be done in sight", async (t) => {
  const name = "Maximiliane von Hohenstein-Wertheim zu Löwenstein";
  await account(hub, { role: "member", email: "maximiliane.von-hohenstein-wertheim@engineering.northwind-traders.example", name });
  const page = await open(t, ada);
  await page.goto(`${hub.url}/o/main/members`);
  await page.getByRole("button", { name: `Remove ${name}` }).waitFor();
  assert.equal(await page.locator(".table-box").first().evaluate(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth), true);
  await page.getByRole("button", { name: `Change the role of ${name}` }).click();
  const [radio, words] = await page.getByRole("radio", { name: /^viewer/ }).evaluate((input) => [input, input.nextElementSibling].map((part) => part.getBoundingClientRect()).map(({ top, height }) => top + height / 2));
  assert.ok(Math.abs(radio - words) < 4, `a choice at ${radio} px beside its words at ${words} px`);
});

test("whose membership ends while they watch a room is told, and keeps what is loaded", async (t) => {
  const context = await member(browser, hub, { role: "member", email: "nina@example.com", name: "Nina" });
  const sable = await bot(hub, "sable");
  await (await sable.join("lobby")).publish({ text: "still here to be read" });
  const page = await open(t, context);
  await page.goto(`${hub.url}/w/main/rooms/lobby`);
  await page.getByText("still here to be read").waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  const nina = (await hub.api("/organizations/main/members")).find(({ email }) => email === "nina@example.com");
  await hub.api(`/organizations/main/members/${nina.user}`, { method: "DELETE" });
  const told = page.getByRole("alert").filter({ hasText: "You may no longer come in here." });
  await told.waitFor();
  await page.getByText("Disconnected", { exact: true }).waitFor();
  await page.locator(".feed-list").getByText("still here to be read").waitFor();
  await told.getByRole("link", { name: "Your workspaces" }).click();
  await page.getByText("There is nothing here").waitFor();
  assert.equal(await page.locator(".rail-rooms").count(), 0, "no room of it is left in the rail");
});

test("a link to a new password is made for a member, and works", async (t) => {
  await account(hub, { role: "member", email: "otto@example.com", name: "Otto" });
  const page = await open(t, ada);
  await page.goto(`${hub.url}/o/main/members`);
  await page.getByRole("button", { name: "Password link for Otto" }).click();
  await page.getByRole("heading", { name: "A new password for Otto" }).waitFor();
  const link = await page.locator(".secret-value code").innerText();
  const guest = await open(t, await visitor(browser));
  await guest.goto(link);
  await guest.getByLabel("Password").fill("another pair of ferrets");
  await guest.getByRole("button", { name: "Set password" }).click();
  await guest.getByRole("heading", { name: "Your password is set" }).waitFor();
});

test("a workspace is made, opened to who is listed, renamed and deleted", async (t) => {
  const context = await member(browser, hub, { role: "member", email: "lena@example.com", name: "Lena" });
  const page = await open(t, ada);
  await page.goto(`${hub.url}/o/main/members`);
  await page.getByRole("button", { name: "Create workspace" }).click();
  await page.getByLabel("Name in addresses").fill("secret-lab");
  await dialog(page).getByRole("button", { name: "Create workspace" }).click();
  await page.getByRole("heading", { name: "secret-lab" }).waitFor();
  await page.getByRole("link", { name: "Workspace", exact: true }).click();
  await page.getByRole("button", { name: "Who is listed" }).click();
  await page.getByText("Nobody is listed yet.").waitFor();
  const lena = await open(t, context);
  await lena.goto(`${hub.url}/w/secret-lab`);
  await lena.getByText("There is nothing here").waitFor();
  await page.getByRole("button", { name: "List somebody" }).click();
  await page.getByLabel("Who", { exact: true }).selectOption({ label: "Lena, lena@example.com" });
  await page.getByRole("radio", { name: /^admin/ }).check();
  await dialog(page).getByRole("button", { name: "List", exact: true }).click();
  await row(page, "lena@example.com").getByText("admin").waitFor();
  await lena.reload();
  await lena.getByRole("heading", { name: "secret-lab" }).waitFor();
  await lena.locator(".rail > .rail-links").getByRole("link", { name: "API keys" }).waitFor();
  await page.getByRole("textbox", { name: "Name" }).fill("The lab");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved").waitFor();
  await page.locator(".switcher").getByText("The lab").waitFor();
  await page.getByRole("button", { name: "Delete workspace" }).click();
  const last = dialog(page).getByRole("button", { name: "Delete for good" });
  assert.ok(await last.isDisabled());
  await page.getByLabel(/^Type/).fill("secret-lab");
  await last.click();
  await page.getByRole("heading", { name: "main", exact: true }).waitFor();
  await page.getByRole("button", { name: "Switch workspace" }).click();
  assert.equal(await page.locator(".switcher .menu-panel li").count(), 1);
});

// A room as people read and write in it: addresses, answers, folds, mentions, visits, and what stands in the way.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Hub } from "./hub.mjs";
import { administrator, forgive, open } from "./browser.mjs";
import { bot, until } from "./client.mjs";
import { plansWith } from "./plans.mjs";
import { ada, browser, hub, stage } from "./stage.mjs";

let sable;
stage(async () => {
  await ada.grantPermissions(["clipboard-read", "clipboard-write"]);
  sable = await bot(hub, "sable");
});

const event = (page, seq) => page.locator(`[data-seq="${seq}"]`);
const seqs = (page) => page.locator("[data-seq]").evaluateAll((rows) => rows.map((row) => Number(row.dataset.seq)));

async function openRoom(t, name, search = "") {
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/rooms/${name}${search}`);
  await page.getByText("Live", { exact: true }).waitFor();
  return page;
}

async function fill(name, count) {
  await hub.room(name);
  const room = await sable.join(name);
  for (let at = 0; at < count; at += 500) await Promise.all(Array.from({ length: Math.min(500, count - at) }, (_, i) => room.publish({ text: `event ${at + i + 1}` })));
  return room;
}

/** Puts a page into the background, as far as the page can tell, or brings it back. */
function background(page, hidden) {
  return page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}

test("a message has an address: copied, opened, marked; the first message is one step away", async (t) => {
  await fill("addresses", 2_000);
  const page = await openRoom(t, "addresses");
  await event(page, 2_000).hover();
  await page.getByRole("group", { name: "Message 2000" }).getByRole("button", { name: "Copy link" }).click();
  await page.getByText("Copied").waitFor({ state: "attached" });
  assert.equal(await page.evaluate("navigator.clipboard.readText()"), `${hub.url}/w/main/rooms/addresses?at=2000`);
  await page.goto(`${hub.url}/w/main/rooms/addresses?at=700`);
  await until(async () => (await page.locator(".at").count()) === 1 && (await page.locator(".at").innerText()).includes("event 700"), "the message of the link");
  assert.equal(await page.locator(".at").evaluate((row) => {
    const { top, bottom } = row.getBoundingClientRect();
    return top > 0 && bottom < innerHeight;
  }), true);
  await page.getByRole("button", { name: "Latest" }).waitFor();
  await page.getByRole("button", { name: "First" }).click();
  await event(page, 1).waitFor();
  await page.getByText("The beginning of #addresses").waitFor();
  await event(page, 5).hover();
  await page.getByRole("group", { name: "Message 5", exact: true }).getByRole("link", { name: "Replay from here" }).click();
  await page.waitForURL(/\?replay=5$/);
  await page.locator(".replay").getByText("event 5", { exact: true }).waitFor();
  await page.goto(`${hub.url}/w/main/rooms/addresses?at=999999`);
  await event(page, 2_000).waitFor();
});

test("answers are quoted, counted and written; a mention of the reader stands out", async (t) => {
  await hub.room("threads");
  const room = await sable.join("threads");
  const page = await openRoom(t, "threads");
  const first = await room.publish({ text: "who **rolls** hub-2?" });
  await event(page, first.seq).hover();
  await page.getByRole("button", { name: "Answer" }).click();
  await page.getByText("Answering sable").waitFor();
  await page.getByLabel("Message #threads").fill("I do");
  await page.keyboard.press("Enter");
  const answer = page.locator("[data-seq]", { hasText: "I do" }).last();
  await answer.getByRole("button", { name: /in answer to sable who rolls hub-2\?/ }).waitFor();
  await page.getByText("Answering sable").waitFor({ state: "detached" });
  await room.publish({ text: "thanks @ada" }, { replyTo: first.seq, mentions: ["ada"] });
  await event(page, first.seq).getByText("2 replies").click();
  await event(page, first.seq).getByRole("button", { name: /thanks @ada/ }).click();
  const { name } = await page.evaluate(async () => ({ name: document.querySelector(".row.mine strong").textContent }));
  await room.publish({ text: `@${name} please look` }, { mentions: [name] });
  await page.locator(".row.addressed", { hasText: "please look" }).waitFor();
  const events = await page.locator("[data-seq]").count();
  assert.ok(events >= 4);
});

test("who is present is completed by the keyboard", async (t) => {
  await hub.room("writing");
  const graham = await bot(hub, "graham");
  t.after(() => graham.close());
  await graham.join("writing");
  const mine = await sable.join("writing");
  const page = await openRoom(t, "writing");
  const box = page.getByLabel("Message #writing");
  await page.getByRole("button", { name: /2 agents/ }).waitFor();
  await box.pressSequentially("@");
  await until(async () => (await page.getByRole("option").allInnerTexts()).join().includes("graham"), "who is here");
  assert.equal(await page.getByRole("option").count(), 2, "others, each once");
  await box.pressSequentially("gr");
  await until(async () => (await page.getByRole("option").count()) === 1, "fewer");
  await page.keyboard.press("Tab");
  await until(async () => (await box.inputValue()) === "@graham ", "the name");
  await box.pressSequentially("look");
  await page.keyboard.press("Enter");
  await page.locator(".feed-list mark", { hasText: "@graham" }).waitFor();
  const { events } = await mine.history({ limit: 1 });
  assert.deepEqual(events[0].mentions, ["graham"]);
});

test("reasoning and arguments are folded, large JSON too", async (t) => {
  await hub.room("folds");
  const room = await sable.join("folds");
  const page = await openRoom(t, "folds");
  const thought = await sable.openStream("folds", "plan", { role: "reasoning", mediaType: "text/markdown" });
  await thought.write("First the **tests**, then the image.");
  await thought.close();
  const call = await sable.openStream("folds", "shell", { role: "args", mediaType: "application/json", toolCall: "call-7" });
  await call.write(`{"command":"cargo test","cwd":"/srv"}`);
  await call.close();
  await room.publish({ rows: Array.from({ length: 2_000 }, (_, i) => ({ i })) }, { kind: "result" });
  const fold = page.locator(".fold", { hasText: "Reasoning" });
  await fold.getByText("done").waitFor();
  assert.equal(await fold.locator("strong", { hasText: "tests" }).count(), 0, "folded");
  await fold.locator("summary").click();
  await fold.locator("strong", { hasText: "tests" }).waitFor();
  const args = page.locator(".fold", { hasText: "call-7" });
  await args.locator("summary").click();
  await args.getByText(`"command": "cargo test"`).waitFor();
  const json = page.locator(".json");
  assert.equal(await json.evaluate((details) => details.open), false);
  await json.locator("summary").click();
  await json.getByRole("button", { name: /^Show all/ }).click();
  await json.getByText(`"i": 1999`).waitFor();
});

test("what came since the last visit is told, and where it begins", async (t) => {
  const room = await fill("visits", 20);
  const page = await openRoom(t, "visits");
  await event(page, 20).waitFor();
  await until(() => page.evaluate(() => JSON.parse(localStorage.getItem("gc.read.main")).visits === 20), "what was read is kept");
  await page.goto(`${hub.url}/w/main`);
  for (let i = 0; i < 150; i++) await room.publish({ text: `later ${i + 1}` });
  await page.goto(`${hub.url}/w/main/rooms/visits`);
  await page.getByText("150 messages since your last visit").waitFor();
  await page.getByRole("button", { name: "Jump to first" }).click();
  await event(page, 21).getByText("New since your last visit").waitFor();
  await page.getByRole("button", { name: "Latest" }).click();
  await event(page, 170).waitFor();
});

test("a page in the background paints nothing and keeps its place", async (t) => {
  const room = await fill("background", 50);
  const page = await openRoom(t, "background");
  await event(page, 50).waitFor();
  await background(page, true);
  await Promise.all(Array.from({ length: 30 }, (_, i) => room.publish({ text: `unseen ${i + 1}` })));
  const other = await openRoom(t, "background");
  await event(other, 80).waitFor();
  assert.equal(await event(page, 51).count(), 0);
  await background(page, false);
  await page.getByRole("button", { name: "30 new" }).waitFor();
  await event(page, 51).getByText("New while you looked elsewhere").waitFor();
  await page.getByRole("button", { name: "30 new" }).click();
  await event(page, 80).waitFor();
  await page.getByRole("button", { name: "Latest" }).waitFor({ state: "detached" });
});

test("a log that begins anew is told, and what was before is loaded when asked for", async (t) => {
  const room = await fill("restored", 30);
  const page = await open(t, ada);
  await page.routeWebSocket(/\/ws\//, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((message) => server.send(message));
    server.onMessage((message) => {
      const text = String(message);
      // Events that the network swallowed, as far as the page can tell.
      if (/"type":"event"/.test(text) && /swallowed/.test(text)) return;
      socket.send(message);
    });
  });
  await page.goto(`${hub.url}/w/main/rooms/restored`);
  await event(page, 30).waitFor();
  for (let i = 0; i < 5; i++) await room.publish({ text: `swallowed ${i}` });
  await room.publish({ text: "after" });
  await page.getByText("Messages 31–35 are missing").waitFor();
  await page.getByText("after", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Load from history" }).click();
  await event(page, 31).getByText("swallowed 0").waitFor();
  await page.getByText("are missing").waitFor({ state: "detached" });
  assert.deepEqual(await seqs(page), Array.from({ length: 36 }, (_, i) => i + 1));
});

test("a sign-out elsewhere ends the page's connection, and is told", async (t) => {
  await fill("ended", 3);
  const context = await administrator(browser, hub);
  const page = await open(t, context);
  await page.goto(`${hub.url}/w/main/rooms/ended?at=2`);
  await event(page, 2).waitFor();
  await page.evaluate(() => fetch("/api/v1/auth/logout", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" }));
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  forgive(page, /401/);
});

test("a used-up plan stops writing, says until when, and reading goes on", async (t) => {
  const plans = await plansWith({ messages_per_hour: 5 });
  const small = await Hub.start({ TENANCY__PLANS_FILE: plans.file });
  t.after(async () => {
    await small.stop();
    plans.remove();
  });
  await small.signIn();
  await small.room("limited");
  const page = await open(t, await administrator(browser, small));
  await page.goto(`${small.url}/w/main/rooms/limited`);
  const box = page.getByLabel("Message #limited");
  for (let n = 1; n <= 6; n++) {
    await box.fill(`message ${n}`);
    await page.keyboard.press("Enter");
    if (n < 6) await event(page, n).waitFor();
  }
  await page.getByText(/^Writing stops until .*\d+:\d\d/).waitFor();
  await page.getByText("Not sent:").waitFor();
  await page.locator(".banner", { hasText: "Messages this hour: 5 of 5 used. Nothing is sent from here. Reading goes on." }).waitFor();
  await small.api("/workspaces/main/rooms/limited/events", { method: "POST", body: { body: { text: "from elsewhere" } } });
  await page.locator(".feed-list").getByText("from elsewhere").waitFor();
});

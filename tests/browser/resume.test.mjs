// The hub is killed and started again while bots go on: the page says so, resumes, and misses nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open } from "./browser.mjs";
import { bot, pause, until } from "./client.mjs";
import { ada, hub, stage } from "./stage.mjs";

const KILLS = 3;

stage(async () => {
  await ada.grantPermissions(["clipboard-read", "clipboard-write"], { origin: hub.url });
});

async function openRoom(t, name) {
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/rooms/${name}`);
  await page.getByText("Live", { exact: true }).waitFor();
  return page;
}

/** Two bots that publish and stream until they are told to stop, whatever becomes of the hub. */
class Work {
  written = "";
  sent = 0;
  #going = true;

  static async begin(t, name) {
    await hub.room(name);
    const work = new Work();
    const [sable, yuki] = await Promise.all([bot(hub, "sable"), bot(hub, "yuki")]);
    t.after(() => (sable.close(), yuki.close()));
    work.room = await sable.join(name);
    work.out = await yuki.openStream(name, "steady");
    work.done = Promise.all([work.#publish(), work.#stream()]);
    return work;
  }

  async #publish() {
    while (this.#going) {
      this.sent += 1;
      await this.room.publish({ text: `event ${this.sent}` }, { timeoutMs: 60_000 });
      await pause(40);
    }
  }

  async #stream() {
    for (let line = 1; this.#going; line++) {
      const text = `\x1b[3${line % 8}mline ${line}\x1b[0m é\n`;
      this.written += text;
      await this.out.write(text);
      await pause(10);
    }
  }

  /** Ends both, and gives the room's whole log. */
  async end() {
    this.#going = false;
    await this.done;
    await this.out.close({ exitCode: 0 });
    const log = [];
    for (let after = 0; ;) {
      const { events } = await this.room.history({ after, limit: 500 });
      if (events.length === 0) return log;
      log.push(...events);
      after = events.at(-1).seq;
    }
  }
}

/** Notes each event that the page paints, in order, also those that it drops again. */
async function note(page) {
  await page.waitForSelector("[data-seq]");
  await page.evaluate(() => {
    window.noted = new Map();
    const look = () => {
      for (const row of document.querySelectorAll("[data-seq]")) {
        if (!window.noted.has(Number(row.dataset.seq))) window.noted.set(Number(row.dataset.seq), row.querySelector(".md")?.textContent.trim() ?? "");
      }
    };
    look();
    new MutationObserver(look).observe(document.querySelector(".feed-list"), { childList: true, subtree: true });
  });
}

/** What the output pane holds, as it leaves the page by its copy button. */
async function copied(page) {
  await page.bringToFront();
  await page.getByRole("button", { name: "Copy what is loaded" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  return page.evaluate(() => navigator.clipboard.readText());
}

const plain = (text) => text.replace(/\x1b\[\d*m/g, "").replace(/\n$/, "");

async function same(page, log, work) {
  const newest = log.at(-1).seq;
  await page.locator(`[data-seq="${newest}"]`).waitFor();
  const noted = await page.evaluate(() => [...window.noted]);
  const from = noted[0][0];
  const expected = log.filter(({ seq }) => seq >= from);
  assert.deepEqual(noted.map(([seq]) => seq), expected.map(({ seq }) => seq), "each event once and in order");
  assert.deepEqual(noted.map(([, text]) => text), expected.map(({ kind, body }) => (kind === "message" ? body.text : "")));
  await page.locator(".output-head").getByText("done").waitFor();
  assert.equal(await copied(page), plain(work.written), "every byte of the stream, once");
}

test("a killed hub is noticed, told, and resumed without a gap, again and again", async (t) => {
  const work = await Work.begin(t, "kills");
  const page = await openRoom(t, "kills");
  await note(page);
  for (let round = 1; round <= KILLS; round++) {
    const before = work.sent;
    await until(() => work.sent > before + 10, "work going on");
    await hub.kill();
    await page.locator(".pill").getByText("Reconnecting").waitFor();
    await page.getByText("Nothing is lost: what you miss comes when the hub is back.").waitFor();
    await hub.start();
    await page.getByRole("button", { name: "Retry now" }).click({ timeout: 2_000 }).catch(() => undefined);
    await page.getByText("Live", { exact: true }).waitFor();
    assert.equal(await page.getByText("Nothing is lost").count(), 0);
  }
  const log = await work.end();
  assert.deepEqual(log.map(({ seq }) => seq), log.map((_, i) => i + 1));
  await same(page, log, work);
  const late = await openRoom(t, "kills");
  await note(late);
  await same(late, log, work);
});

test("who comes back is told how much was missed, and led to the first of it", async (t) => {
  const work = await Work.begin(t, "missed");
  const page = await openRoom(t, "missed");
  await note(page);
  await hub.kill();
  await page.locator(".pill").getByText("Reconnecting").waitFor();
  await ada.setOffline(true);
  await hub.start();
  const before = work.sent;
  await until(() => work.sent > before + 30, "work going on");
  const log = await work.end();
  const last = await page.evaluate(() => Math.max(...window.noted.keys()));
  const missed = log.at(-1).seq - last;
  assert.ok(missed > 30);
  await ada.setOffline(false);
  await page.getByRole("button", { name: "Retry now" }).click({ timeout: 2_000 }).catch(() => undefined);
  await page.getByText(`You missed ${missed} messages`).waitFor();
  await same(page, log, work);
  await page.getByRole("button", { name: "Jump to first" }).click();
  const divider = page.getByText(`${missed} messages while you were away`);
  await until(async () => {
    const box = await divider.boundingBox();
    return box && box.y > 0 && box.y < 900;
  }, "the divider in sight");
  assert.equal(await page.locator(`[data-seq="${last + 1}"]`, { has: divider }).count(), 1, "the divider stands before the first missed");
});

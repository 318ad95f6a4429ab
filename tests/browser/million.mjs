// A room of a million messages: opened, scrolled back through, read from its first message, played again.
// `npm run measure:million`; needs the program `sqlite3`, which writes the log, as publishing it would take an hour.

import { execFileSync } from "node:child_process";
import { LOOKS, administrator, launch } from "./browser.mjs";
import { bot, until } from "./client.mjs";
import { Hub } from "./hub.mjs";

const COUNT = 1_000_000;
const BACK = Number(process.env.BACK ?? 20_000);
const SECONDS_APART = 2;

const hub = await Hub.start();
const browser = await launch();
await hub.signIn();
await hub.room("million");
const sable = await bot(hub, "sable");
await (await sable.join("million")).publish({ text: "message 1" });
sable.close();
await hub.kill();
const file = hub.env.GENERIC_CORP__DATABASE__URL.replace("sqlite:", "");
execFileSync("sqlite3", [file, `
  WITH RECURSIVE n(seq) AS (SELECT 2 UNION ALL SELECT seq + 1 FROM n WHERE seq < ${COUNT})
  INSERT INTO events (room_id, seq, time, sender_kind, sender_id, sender_name, kind, body, key)
  SELECT e.room_id, n.seq, e.time - (${COUNT} - n.seq) * ${SECONDS_APART * 1_000}, e.sender_kind, e.sender_id, e.sender_name, e.kind, '{"text":"message ' || n.seq || '"}', 'm' || n.seq
  FROM n, events e JOIN rooms r ON r.id = e.room_id WHERE r.name = 'million' AND e.seq = 1;
  UPDATE events SET time = time - ${COUNT * SECONDS_APART * 1_000} WHERE seq = 1 AND room_id = (SELECT id FROM rooms WHERE name = 'million');
  UPDATE rooms SET head = ${COUNT} WHERE name = 'million';`]);
await hub.start();

async function heap(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return Math.round(usedSize / 1024 / 102.4) / 10;
}

const seqs = (page) => page.locator(".feed-list > [data-seq]").evaluateAll((rows) => rows.map((row) => Number(row.dataset.seq)));
const result = {};
async function timed(name, what) {
  const begun = performance.now();
  await what();
  result[`${name}, ms`] = Math.round(performance.now() - begun);
}

try {
  const page = await (await administrator(browser, hub, LOOKS.light)).newPage();
  page.setDefaultTimeout(60_000);
  await timed("opened at its end", async () => {
    await page.goto(`${hub.url}/w/main/rooms/million`);
    await page.locator(`[data-seq="${COUNT}"]`).waitFor();
  });
  result["heap, MiB"] = await heap(page);
  let most = 0;
  await page.evaluate(() => {
    window.holes = 0;
    new MutationObserver(() => {
      const rows = [...document.querySelectorAll(".feed-list > [data-seq]")].map(({ dataset }) => Number(dataset.seq));
      window.holes += rows.filter((seq, i) => i > 0 && seq !== rows[i - 1] + 1).length;
    }).observe(document.querySelector(".feed-list"), { childList: true });
  });
  await timed(`scrolled back by ${BACK}`, () => until(async () => {
    await page.locator(".feed-scroll").press("Home");
    const held = await seqs(page);
    most = Math.max(most, held.length);
    return held[0] <= COUNT - BACK;
  }, "scrolled back", 600_000));
  result["most rows held"] = most;
  result["holes between rows"] = await page.evaluate("window.holes");
  result["heap after that, MiB"] = await heap(page);
  await timed("to the first message", async () => {
    await page.getByRole("button", { name: "First" }).click();
    await page.getByText("The beginning of #million").waitFor();
  });
  await timed("a link to the middle", async () => {
    await page.goto(`${hub.url}/w/main/rooms/million?at=${COUNT / 2}`);
    await page.locator(".at").waitFor();
  });
  await timed("replay opened in the middle", async () => {
    await page.goto(`${hub.url}/w/main/rooms/million?replay=${COUNT / 2}`);
    await page.locator(`[data-seq="${COUNT / 2}"]`).waitFor();
  });
  await timed("replay moved on by a tenth", async () => {
    const before = (await seqs(page)).at(-1);
    await page.getByRole("slider").press("PageUp");
    await page.getByRole("slider").press("PageUp");
    await until(async () => (await seqs(page)).at(-1) > before + COUNT / 20, "another place");
  });
  await page.getByLabel("Speed").selectOption("60");
  const place = (await seqs(page)).at(-1);
  await page.getByRole("button", { name: "Play" }).click();
  for (const played of [300, 1_200]) {
    await until(async () => (await seqs(page)).at(-1) > place + played, `${played} messages played`, 120_000);
    result[`heap after ${played} played, MiB`] = await heap(page);
  }
  console.table({ ...result });
} finally {
  await browser.close();
  await hub.stop();
}

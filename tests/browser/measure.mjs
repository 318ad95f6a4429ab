// What the dashboard costs: how soon a room can be used, and what a minute of much traffic does to its page.
// `npm run measure`; SECONDS, MESSAGES and LINES (per second) change the load.

import { createRequire } from "node:module";
import { cpus, loadavg } from "node:os";
import { LOOKS, administrator, launch } from "./browser.mjs";
import { bot, pause } from "./client.mjs";
import { Hub } from "./hub.mjs";

const SECONDS = Number(process.env.SECONDS ?? 60);
const MESSAGES = Number(process.env.MESSAGES ?? 500);
const LINES = Number(process.env.LINES ?? 1_000);
const ROOMS = 50;
const STREAMS = 200;
const TICK_MS = 50;
/** Publishes that wait for their answer: a hub that is slower than the rate slows the rate. */
const IN_FLIGHT = 400;
const KEY_MS = 200;

const hub = await Hub.start();
const browser = await launch();
await hub.signIn();
const ada = await administrator(browser, hub, LOOKS.light);
const sable = await bot(hub, "sable");

const mib = (bytes) => Math.round((bytes / 1024 / 1024) * 10) / 10;
const percentile = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

/** Heap in use once the garbage is gone. */
async function heap(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize;
}

/** Processor time of all pages so far, in ms. */
async function rendererCpu(session) {
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  return processInfo.filter(({ type }) => type === "renderer").reduce((sum, { cpuTime }) => sum + cpuTime * 1_000, 0);
}

/** Opens a room in a cold cache: what was fetched, and when it could be used. */
async function firstVisit(name) {
  const context = await administrator(browser, hub, LOOKS.light);
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Network.clearBrowserCache");
  await page.addInitScript(() => {
    // In the page itself: asking it from outside takes longer than some of what is measured.
    new MutationObserver((_, observer) => {
      if (document.querySelector(".pill")?.textContent !== "Live" || !document.querySelector(".composer textarea:enabled") || !document.querySelector("[data-seq]")) return;
      window.usable = performance.now();
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true, characterData: true, attributes: true });
  });
  await page.goto(`${hub.url}/w/main/rooms/${name}`);
  await page.waitForFunction(() => window.usable);
  const seen = await page.evaluate(() => {
    const scripts = performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(".js"));
    return {
      javascript: scripts.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
      firstPaint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
      usable: window.usable,
    };
  });
  await context.close();
  return seen;
}

/** Counts painted frames, rows that were in the document, holes between them, and how long keys take to the next frame. */
function watch(page) {
  return page.evaluate(() => {
    const state = { frames: 0, seen: new Set(), holes: 0, keys: [] };
    const note = () => {
      let before;
      for (const { dataset } of document.querySelectorAll(".feed-list > [data-seq]")) {
        const seq = Number(dataset.seq);
        if (before !== undefined && seq !== before + 1) state.holes += 1;
        state.seen.add((before = seq));
      }
    };
    new MutationObserver(note).observe(document.querySelector(".feed-list"), { childList: true, subtree: true });
    note();
    requestAnimationFrame(function frame() {
      state.frames += 1;
      requestAnimationFrame(frame);
    });
    addEventListener("keydown", ({ timeStamp }) => requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => state.keys.push(performance.now() - timeStamp);
      port2.postMessage(0);
    }), true);
    window.watched = state;
  });
}

/** Sends at a rate, in time whatever a single send takes; tells how many. */
async function atRate(perSecond, send) {
  const begun = performance.now();
  let sent = 0;
  while (performance.now() - begun < SECONDS * 1_000) {
    const due = Math.floor(((performance.now() - begun) / 1_000) * perSecond);
    if (due > sent) await send(sent, due);
    sent = due;
    await pause(TICK_MS);
  }
  return sent;
}

/** Types for so long; now and then what was typed is typed over. */
async function type(page, ms) {
  const end = performance.now() + ms;
  for (let i = 0; performance.now() < end; i++) {
    await page.keyboard.press(i % 40 === 39 ? "Control+a" : "x");
    await pause(KEY_MS);
  }
}

async function traffic() {
  await hub.room("busy");
  const room = await sable.join("busy");
  const out = await sable.openStream("busy", "busy");
  await room.publish({ text: "before" });
  const page = await ada.newPage();
  await page.goto(`${hub.url}/w/main/rooms/busy`);
  await page.locator('[data-seq="2"]').waitFor();
  await page.getByText("No output yet.").waitFor();
  const session = await browser.newBrowserCDPSession();
  await watch(page);
  const start = { heap: await heap(page), cpu: await rendererCpu(session), frames: await page.evaluate("window.watched.frames"), time: performance.now() };
  const box = page.getByLabel("Message #busy");
  await box.focus();
  const waiting = [];
  const [messages, lines] = await Promise.all([
    atRate(MESSAGES, async (from, to) => {
      for (let n = from; n < to; n++) {
        if (waiting.length === IN_FLIGHT) await Promise.all(waiting.splice(0));
        waiting.push(room.publish({ text: `message **${n + 1}** of a busy minute` }));
      }
    }),
    atRate(LINES, async (from, to) => out.write(Array.from({ length: to - from }, (_, i) => `\x1b[32m${from + i + 1}\x1b[0m a line of output\n`).join(""))),
    type(page, SECONDS * 1_000),
  ]);
  await Promise.all(waiting);
  const head = (await room.history({ limit: 1 })).head;
  await page.locator(`[data-seq="${head}"]`).waitFor();
  await page.locator(".term-row").getByText(`${lines} a line of output`).waitFor();
  const took = (performance.now() - start.time) / 1_000;
  const cpu = (await rendererCpu(session)) - start.cpu;
  const { frames, seen, holes, keys } = await page.evaluate(() => ({ ...window.watched, seen: window.watched.seen.size }));
  const rows = (await page.locator(".term-row").allInnerTexts()).map((row) => Number.parseInt(row, 10));
  const result = {
    "messages sent": messages, "messages a second": Math.round(messages / took), "holes between rows": holes, "passed by between two paints": head - seen,
    "lines sent": lines, "lines a second": Math.round(lines / took), "lines follow each other": rows.every((row, i) => row === rows[0] + i),
    "heap at start, MiB": mib(start.heap), "heap at end, MiB": mib(await heap(page)),
    "frames a second": Math.round((frames - start.frames) / took), "processor per frame, ms": Math.round((cpu / (frames - start.frames)) * 10) / 10, "processor, % of a core": Math.round(cpu / took / 10),
    "key to paint, p50 ms": Math.round(percentile(keys, 0.5)), "key to paint, p95 ms": Math.round(percentile(keys, 0.95)),
  };
  await page.close();
  await out.close();
  return result;
}

async function many() {
  for (let i = 0; i < ROOMS; i++) await hub.room(`room-${i}`);
  const outs = [];
  for (let i = 0; i < STREAMS; i++) {
    const out = await sable.openStream("room-0", `stream ${i}`);
    await out.write(`line of ${i}\n`);
    outs.push(out);
  }
  const page = await ada.newPage();
  const begun = performance.now();
  await page.goto(`${hub.url}/w/main/rooms/room-0`);
  await page.getByText(`${STREAMS} running`).waitFor();
  const opened = performance.now() - begun;
  await page.locator(".term-row").first().waitFor();
  const session = await browser.newBrowserCDPSession();
  const before = await rendererCpu(session);
  await pause(5_000);
  const idle = ((await rendererCpu(session)) - before) / 50;
  const change = performance.now();
  await page.locator(".stream-list").getByText("stream 7", { exact: true }).click();
  await page.locator(".term-row").getByText("line of 7").waitFor();
  const result = { "rooms": ROOMS + 3, "open streams": STREAMS, "opened, ms": Math.round(opened), "to another stream, ms": Math.round(performance.now() - change), "heap, MiB": mib(await heap(page)), "processor at rest, % of a core": Math.round(idle) };
  await page.close();
  await Promise.all(outs.map((out) => out.close()));
  return result;
}

try {
  await hub.room("first");
  await (await sable.join("first")).publish({ text: "hello" });
  await firstVisit("first");
  const { javascript, firstPaint, usable } = await firstVisit("first");
  const first = { "JavaScript to first paint, KB gzip": Math.round(javascript / 100) / 10, "first paint, ms": Math.round(firstPaint), "usable, ms": Math.round(usable) };
  const { version } = createRequire(import.meta.url)("playwright-core/package.json");
  console.log(`${browser.version()}, playwright-core ${version}, ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0].toFixed(1)}`);
  console.table({ ...first });
  const busy = await traffic();
  console.table({ ...busy });
  console.table({ ...(await many()) });
  if (busy["holes between rows"] !== 0 || !busy["lines follow each other"]) process.exitCode = 1;
} finally {
  sable.close();
  await browser.close();
  await hub.stop();
}

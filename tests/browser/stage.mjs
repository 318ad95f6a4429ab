// What most files begin with: a hub, a browser, and its administrator signed in. Each file is a process of its own.

import { after, before } from "node:test";
import { administrator, launch } from "./browser.mjs";
import { Hub } from "./hub.mjs";

export let hub;
export let browser;
/** The administrator's pages. */
export let ada;

/** Sets it up before the tests of a file, with what they need `more`, and takes it down behind them. */
export function stage(more) {
  before(async () => {
    hub = await Hub.start();
    browser = await launch();
    await hub.signIn();
    ada = await administrator(browser, hub);
    await more?.();
  });
  after(async () => {
    await browser?.close();
    await hub?.stop();
  });
}

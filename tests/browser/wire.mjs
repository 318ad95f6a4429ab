// A wire between pages and a hub that can go dead without a word, as that of a laptop that slept.

import { connect, createServer } from "node:net";

export class Wire {
  /** Where it leads. */
  port = 0;
  url = "";
  #server;
  #pairs = new Set();

  static async lay() {
    const wire = new Wire();
    wire.#server = createServer((near) => wire.#join(near));
    await new Promise((done) => wire.#server.listen(0, "127.0.0.1", done));
    wire.url = `http://127.0.0.1:${wire.#server.address().port}`;
    return wire;
  }

  #join(near) {
    const far = connect(this.port, "127.0.0.1");
    const pair = { near, far };
    this.#pairs.add(pair);
    const end = () => {
      if (pair.silent) return;
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on("error", end).on("close", end);
    near.once("data", (head) => (pair.socket = /^upgrade: *websocket/im.test(head.toString("latin1"))));
    near.pipe(far).pipe(near);
  }

  /** WebSockets fall silent, and neither end is told. A browser that wakes drops idle connections by itself; new ones go through. */
  cut() {
    for (const pair of this.#pairs) {
      const { near, far } = pair;
      pair.silent = pair.socket;
      if (pair.silent) {
        near.unpipe(far).pause();
        far.unpipe(near).pause();
      } else near.destroy();
    }
  }

  close() {
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
    this.#server.close();
  }
}

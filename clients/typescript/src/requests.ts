// Requests that wait for their reply. They outlive a socket: after a reconnect they are sent again,
// which is harmless because whatever creates something carries an idempotency key.

import { HubError, fromFailure } from "./error.js";
import type { ClientFrame, Failure, Okay } from "./protocol.js";

/** Most requests that may wait at a time. */
export const MAX_PENDING = 512;

interface Pending {
  readonly frame: ClientFrame;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: HubError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
  sent: number;
}

export class Requests {
  readonly #pending = new Map<string, Pending>();
  #last = 0;

  /** A request id not used before on this connection. */
  nextId(): string {
    return `c${++this.#last}`;
  }

  /** Remembers `frame` until its reply; `send` is called at once when there is a socket. */
  add(frame: ClientFrame, timeoutMs: number, send: (frame: ClientFrame) => boolean): Promise<unknown> {
    if (this.#pending.size >= MAX_PENDING) {
      const message = `${MAX_PENDING} requests wait for their answer already`;
      return Promise.reject(new HubError("too_much_pending", message, { retryable: true }));
    }
    const id = this.nextId();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        const message = `no answer to \`${frame.type}\` in ${timeoutMs} ms; whether it happened is not known, retry with the same key`;
        reject(new HubError("no_answer", message, { retryable: true }));
      }, timeoutMs);
      const pending: Pending = { frame: { ...frame, id }, resolve, reject, timer, sent: 0 };
      this.#pending.set(id, pending);
      if (send(pending.frame)) pending.sent += 1;
    });
  }

  /** Hands a reply to whoever waits for it; `false` when nobody does. */
  settle(reply: ({ type: "ok" } & Okay) | ({ type: "error" } & Failure)): boolean {
    const pending = reply.id === undefined ? undefined : this.#pending.get(reply.id);
    if (!pending || reply.id === undefined) return false;
    this.#pending.delete(reply.id);
    clearTimeout(pending.timer);
    if (reply.type === "ok") pending.resolve(reply.result);
    // The close was stored before the connection broke, and the answer was lost with it.
    else if (reply.code === "stream_closed" && pending.frame.type === "stream.close" && pending.sent > 1) pending.resolve(undefined);
    else pending.reject(fromFailure(reply));
    return true;
  }

  /** Sends everything again on a new socket. */
  resend(send: (frame: ClientFrame) => boolean): void {
    for (const pending of this.#pending.values()) if (send(pending.frame)) pending.sent += 1;
  }

  /** Ends every wait with `error`. */
  fail(error: HubError): void {
    for (const pending of this.#pending.values()) {
      clearTimeout(pending.timer);
      pending.reject(error);
    }
    this.#pending.clear();
  }
}

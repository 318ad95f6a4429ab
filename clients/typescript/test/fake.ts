// A socket whose other end is the test.

import { connect, type Hub, type Options, type wire } from "../src/index.js";

type Sent = wire.ClientFrame & Record<string, unknown>;

export class FakeSocket {
  static all: FakeSocket[] = [];
  static get last(): FakeSocket {
    return FakeSocket.all.at(-1) as FakeSocket;
  }

  readyState = 0;
  sent: Sent[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;

  constructor(readonly url: string, readonly protocols: string[]) {
    FakeSocket.all.push(this);
  }

  send(data: string): void {
    this.sent.push(JSON.parse(data));
  }

  close(): void {
    this.readyState = 3;
  }

  /** The hub accepts the socket. */
  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  /** The hub says something. */
  say(frame: object | object[]): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** The hub, or the network, ends it. */
  end(code: number, reason = ""): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }

  /** The last frame of a type. */
  frame(type: string): Sent {
    const frame = this.sent.findLast((sent) => sent.type === type);
    if (!frame) throw new Error(`no ${type} was sent, only ${this.sent.map((sent) => sent.type).join(", ")}`);
    return frame;
  }
}

export const SENDER = { kind: "agent", id: "a", name: "sable" };

export function welcome(more: object = {}): object {
  return {
    type: "welcome", connection: "c", workspace: { id: "w", slug: "main", name: "main" }, you: SENDER, scopes: ["read"],
    server: { version: "0", node: "n", time: "2026-01-01T00:00:00.000Z" }, heartbeat_ms: 25_000,
    limits: {}, quota: {}, ...more,
  };
}

export function event(seq: number, room = "deploy"): object {
  return { type: "event", room, seq, time: "2026-01-01T00:00:00.000Z", sender: SENDER, kind: "message", body: { text: `${seq}` } };
}

export function joined(id: unknown, head: number, after: number, more: object = {}): object {
  return { type: "joined", id, room: "deploy", head, epoch: "e1", after, recovered: false, members: [], streams: [], ...more };
}

/** Lets promises run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** A hub whose first socket is open and waits for its welcome. */
export async function start(options: Partial<Options> = {}): Promise<Hub> {
  FakeSocket.all = [];
  const hub = connect({ url: "http://127.0.0.1:8080", workspace: "main", token: async () => "t", WebSocket: FakeSocket, ...options });
  await settle();
  FakeSocket.last.open();
  return hub;
}

/** Opens the newest socket and lets the hub welcome it. */
export async function welcomed(): Promise<FakeSocket> {
  await settle();
  const socket = FakeSocket.last;
  if (socket.readyState === 0) socket.open();
  socket.say(welcome());
  await settle();
  return socket;
}

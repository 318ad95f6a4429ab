// The part of the browser's WebSocket that is used, so that Node 20 can bring another one (npm `ws`).

export interface SocketLike {
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

export type SocketClass = new (url: string, protocols: string[]) => SocketLike;

export const OPEN = 1;

/** `http://host/base` and a workspace to `ws://host/base/ws/{workspace}`. */
export function socketUrl(base: string, workspace: string): string {
  const url = new URL(base);
  url.protocol = url.protocol.replace(/^http/, "ws");
  url.pathname = `${url.pathname.replace(/\/$/, "")}/ws/${encodeURIComponent(workspace)}`;
  url.search = url.hash = "";
  return url.href;
}

/** A random text nobody else will choose; `crypto.randomUUID` exists only on secure origins. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

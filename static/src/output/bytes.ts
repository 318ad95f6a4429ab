// Bytes of a stream over the REST API: a range of them, or all from one on as they come.

import { HubError } from "@generic-corp/client";
import * as api from "../api";

/** The bytes `from` … before `to`, or fewer where the stream ends; none beyond its end. */
export async function readBytes(workspace: string, stream: string, from: number, to: number): Promise<Uint8Array> {
  const response = await open(workspace, stream, from, to - 1);
  return response ? new Uint8Array(await response.arrayBuffer()).subarray(from - before(from)) : new Uint8Array();
}

/** All bytes from one on that are stored now, piece by piece: the next is fetched when it is asked for. */
export async function* streamBytes(workspace: string, stream: string, from: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const response = await open(workspace, stream, from, "", signal);
  const reader = response?.body?.getReader();
  if (!reader) return;
  let skip = from - before(from);
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      yield piece.value.subarray(skip);
      skip = Math.max(0, skip - piece.value.length);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** One byte more is asked for, so that a range at the end is not an error. */
const before = (from: number) => Math.max(0, from - 1);

async function open(workspace: string, stream: string, from: number, last: number | "", signal?: AbortSignal): Promise<Response | undefined> {
  const path = api.workspacePath(workspace, `/streams/${encodeURIComponent(stream)}/bytes`);
  try {
    return await api.request(path, { headers: { range: `bytes=${before(from)}-${last}`, accept: "*/*" }, ...(signal && { signal }) });
  } catch (error) {
    if (error instanceof HubError && error.code === "range_not_satisfiable") return undefined;
    throw error;
  }
}

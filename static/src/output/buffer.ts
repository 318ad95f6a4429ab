// What a viewer holds of one stream: its tail as it grows, or any other part when asked for.

import { type Hub, HubError, type StreamReader, type wire } from "@generic-corp/client";
import { signal } from "@preact/signals";
import { readBytes } from "./bytes";
import { PAGE_BYTES, type Segment, Segments } from "./segments";
import { LineTimes, readMarks } from "./times";

const TAIL_BYTES = 128 * 1024;

export class OutputBuffer {
  /** Changes when there is something new to paint. */
  readonly version = signal(0);
  readonly loading = signal<"earlier" | "later" | undefined>(undefined);
  /** Whether new bytes are appended; not while the reader is in a part that the end does not follow on. */
  readonly live = signal(true);
  readonly error = signal<HubError | undefined>(undefined);
  readonly held = new Segments();
  readonly times: LineTimes;
  readonly #hub: Hub;
  readonly #workspace: string;
  readonly #id: string;
  #reader: StreamReader | undefined;
  #painting: ReturnType<typeof setTimeout> | undefined;
  /** Counts the places gone to, so that a late answer for another is dropped. */
  #turn = 0;

  constructor(hub: Hub, workspace: string, info: wire.StreamInfo, { tailBytes = TAIL_BYTES }: { tailBytes?: number | undefined } = {}) {
    this.#hub = hub;
    this.#id = info.stream;
    this.#workspace = workspace;
    this.times = new LineTimes(readMarks(workspace, info.stream));
    // Without a tail a part is gone to at once.
    if (tailBytes > 0) void this.#follow({ tailBytes });
    else this.live.value = false;
  }

  get segments(): readonly Segment[] {
    return this.held.list;
  }

  get atStart(): boolean {
    return this.held.list.length > 0 && this.held.from === 0;
  }

  get empty(): boolean {
    return this.held.empty;
  }

  /** Goes back to the end and follows it again. */
  jumpToEnd(): void {
    if (this.live.value) return;
    this.#turn += 1;
    this.held.clear();
    void this.#follow({ tailBytes: TAIL_BYTES });
  }

  close(): void {
    clearTimeout(this.#painting);
    this.#turn += 1;
    this.#stop();
  }

  /** Holds the part that begins with this byte, which begins a line, and the page before it. */
  async goTo(byte: number, newlinesBefore: number): Promise<void> {
    const turn = ++this.#turn;
    this.#stop();
    this.live.value = false;
    this.held.clear();
    await this.#load("later", async () => {
      const data = await this.#range(byte, byte + PAGE_BYTES);
      if (turn !== this.#turn) return;
      this.held.append(byte, data, { atLine: true });
      this.held.number(newlinesBefore);
      this.#cameTo(data.length);
    });
    if (turn === this.#turn && byte > 0) await this.loadEarlier();
  }

  /** Tells how many newlines come before a byte that begins a segment. */
  number(byte: number, newlines: number): void {
    const segment = this.held.list.find(({ from }) => from === byte);
    if (!segment) return;
    this.held.number(newlines - segment.base + (this.held.list[0]?.base ?? 0));
    this.version.value += 1;
  }

  /** Asks when the line came that begins with this byte, and those behind it. */
  learnTimes(byte: number): void {
    this.times.learn(byte, this.held.to).then((fresh) => fresh && (this.version.value += 1), (error: unknown) => this.fail(error));
  }

  fail(error: unknown): void {
    if (!(error instanceof HubError)) throw error;
    this.error.value = error;
  }

  /** Loads what stands before what is held. */
  async loadEarlier(): Promise<void> {
    const to = this.held.from;
    if (to === 0 || this.loading.value) return;
    await this.#load("earlier", async () => {
      const from = Math.max(0, to - PAGE_BYTES);
      const data = await this.#range(from, to);
      if (this.held.from !== to || !this.held.prepend(data, from)) return;
      // The far end had to go; what comes live is left out until the reader returns to it.
      this.#stop();
      this.live.value = false;
    });
  }

  /** Loads what stands behind what is held, while the end is not; at the end it is followed again. */
  async loadLater(): Promise<void> {
    if (this.live.value || this.loading.value || this.held.list.length === 0) return;
    const turn = this.#turn;
    await this.#load("later", async () => {
      const from = this.held.to;
      const data = await this.#range(from, from + PAGE_BYTES);
      if (turn !== this.#turn || this.held.to !== from) return;
      this.held.append(from, data);
      this.#cameTo(data.length);
    });
  }

  /** A page that is not full ends the stream, for now: it is followed from there. */
  #cameTo(length: number): void {
    if (length < PAGE_BYTES) void this.#follow({ offset: this.held.to });
  }

  #range(from: number, to: number): Promise<Uint8Array> {
    return readBytes(this.#workspace, this.#id, from, to);
  }

  async #load(which: "earlier" | "later", load: () => Promise<void>): Promise<void> {
    this.loading.value = which;
    try {
      await load();
    } catch (error) {
      this.error.value = error as HubError;
    } finally {
      this.loading.value = undefined;
      this.version.value += 1;
    }
  }

  #stop(): void {
    void this.#reader?.return();
    this.#reader = undefined;
  }

  async #follow(from: { tailBytes: number } | { offset: number }): Promise<void> {
    this.live.value = true;
    this.error.value = undefined;
    const reader = this.#hub.read(this.#id, from);
    this.#reader = reader;
    let known = Infinity;
    // A stream without output says so too.
    reader.opened.then(({ length }) => ((known = length), this.#paint()), () => undefined);
    try {
      for await (const chunk of reader) {
        if (this.#reader !== reader) return;
        this.held.append(chunk.offset, chunk.bytes);
        if (chunk.offset >= known) this.times.saw(chunk.offset, chunk.bytes.length, Date.now());
        this.#paint();
      }
    } catch (error) {
      if (this.#reader === reader) this.error.value = error as HubError;
    }
    this.#paint();
  }

  /** At most ten paints a second, however fast the bytes come. */
  #paint(): void {
    this.#painting ??= setTimeout(() => {
      this.#painting = undefined;
      if (document.hidden) document.addEventListener("visibilitychange", () => this.#paint(), { once: true });
      else this.version.value += 1;
    }, 100);
  }
}

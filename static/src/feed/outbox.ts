// Messages on their way: each stays until it is seen in the log, or is given up.

import type { HubError, Room, RoomEvent } from "@generic-corp/client";
import { signal } from "@preact/signals";
import { mentions } from "./mention";

export interface Outgoing {
  /** Its idempotency key: sending it again cannot store it twice. */
  key: string;
  text: string;
  replyTo: number | undefined;
  /** Its number, once the hub has stored it. */
  seq?: number;
  error?: HubError;
}

export class Outbox {
  readonly messages = signal<readonly Outgoing[]>([]);
  readonly #room: Room;

  constructor(room: Room) {
    this.#room = room;
  }

  async send(text: string, replyTo?: number, key = crypto.getRandomValues(new Uint32Array(4)).join("-")): Promise<void> {
    const others = this.messages.value.filter((message) => message.key !== key);
    this.messages.value = [...others, { key, text, replyTo }];
    try {
      const { seq } = await this.#room.publish({ text }, { key, mentions: mentions(text), ...(replyTo !== undefined && { replyTo }) });
      if (seq === undefined || seq <= (this.#room.cursor?.seq ?? 0)) this.discard(key);
      else this.#change(key, { seq });
    } catch (error) {
      this.#change(key, { error: error as HubError });
    }
  }

  discard(key: string): void {
    this.messages.value = this.messages.value.filter((message) => message.key !== key);
  }

  /** An event came: what it shows is no longer on its way. */
  arrived(event: RoomEvent): void {
    const sent = this.messages.peek().find(({ key }) => key === event.key);
    if (sent) this.discard(sent.key);
  }

  #change(key: string, change: Partial<Outgoing>): void {
    this.messages.value = this.messages.value.map((message) => (message.key === key ? { ...message, ...change } : message));
  }
}

// Whom an `@…` that is being written may mean, and what becomes of the text when one is chosen.

import type { wire } from "@generic-corp/client";

export interface Candidate {
  name: string;
  sender: wire.Sender;
  /** What the first of their connections is doing. */
  state: string;
}

const MOST = 8;
const OPEN = /(?<![\w`./-])@([a-z0-9._-]*)$/i;

/** The word behind the `@` that the caret stands at the end of. */
export function wordAt(text: string, caret: number): string | undefined {
  return OPEN.exec(text.slice(0, caret))?.[1];
}

/** Others in the room whose names begin with a word, then those that hold it; agents before people. */
export function candidates(members: readonly wire.Member[], word: string, you: string | undefined): Candidate[] {
  const wanted = word.toLowerCase();
  const all = new Map<string, Candidate>();
  for (const { sender, state } of members) {
    if (sender.id === you || all.has(sender.id) || !sender.name.toLowerCase().includes(wanted)) continue;
    all.set(sender.id, { name: sender.name, sender, state });
  }
  const rank = ({ name, sender }: Candidate) => (name.toLowerCase().startsWith(wanted) ? 0 : 2) + (sender.kind === "agent" ? 0 : 1);
  return [...all.values()].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name)).slice(0, MOST);
}

/** The text with a name in the place of the word at the caret, and the caret behind it. */
export function complete(text: string, caret: number, name: string): { text: string; caret: number } {
  const start = caret - (wordAt(text, caret)?.length ?? 0);
  const before = `${text.slice(0, start)}${name} `;
  return { text: before + text.slice(caret).replace(/^ /, ""), caret: before.length };
}

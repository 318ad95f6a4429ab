// Which of many things somebody means by a few letters.

export interface Named {
  label: string;
  /** What kind it is, in a word. */
  kind: string;
}

/** How well an entry is meant: a name that begins so before a word that does, before what has it inside; 0 is not. */
export function score({ label, kind }: Named, text: string): number {
  const words = text.toLowerCase().split(/[\s#]+/).filter(Boolean);
  const name = label.toLowerCase().replace(/^#/, "");
  if (!words.every((word) => `${name} ${kind}`.includes(word))) return 0;
  const first = words[0] ?? "";
  if (name === first) return 4;
  if (name.startsWith(first)) return 3;
  return name.split(/[^a-z0-9]+/).some((word) => word.startsWith(first)) ? 2 : 1;
}

/** What is meant, the best first; else in the order that was given. */
export function find<T extends Named>(all: readonly T[], text: string): T[] {
  const scored = all.map((entry) => ({ entry, points: score(entry, text) })).filter(({ points }) => points > 0);
  return scored.sort((a, b) => b.points - a.points).map(({ entry }) => entry);
}

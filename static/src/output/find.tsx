// The bar that finds text in a whole stream, or goes to a line by its number.

import { useEffect, useRef, useState } from "preact/hooks";
import * as format from "../format";
import { IconButton } from "../ui/basics";
import { type Lines, MOST_MATCHES } from "./lines";

interface FindProps {
  lines: Lines;
  text: string;
  setText: (text: string) => void;
  /** Shows a line by its number. */
  go: (line: number) => void;
  /** The number of the first line in sight, where it is known. */
  from: () => number | undefined;
  close: () => void;
}

const WAIT_MS = 200;

export function FindBar({ lines, text, setText, go, from, close }: FindProps) {
  const [matches, setMatches] = useState<readonly number[]>([]);
  const [at, setAt] = useState<number>();
  const [busy, setBusy] = useState(false);
  const box = useRef<HTMLInputElement>(null);
  /** Which way to go once the search has ended: Enter was faster. */
  const waiting = useRef<1 | -1>(undefined);
  const wanted = /^:\d+$/.test(text) ? Number(text.slice(1)) : undefined;
  useEffect(() => box.current?.select(), []);
  useEffect(() => {
    setMatches([]);
    setAt(undefined);
    if (!text || wanted !== undefined) return;
    const stop = new AbortController();
    const search = async () => {
      setBusy(true);
      const found: number[] = [];
      for await (const batch of lines.search(text, stop.signal)) {
        found.push(...batch);
        if (batch.length > 0) setMatches([...found]);
      }
      setBusy(false);
      if (waiting.current !== undefined) show(found, waiting.current, undefined);
    };
    const timer = setTimeout(() => void search().catch(() => !stop.signal.aborted && setBusy(false)), WAIT_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
      setBusy(false);
    };
  }, [lines, text]);
  const show = (all: readonly number[], by: 1 | -1, last: number | undefined) => {
    if (all.length === 0) return;
    const next = last === undefined ? begin(all, from(), by) : (last + by + all.length) % all.length;
    setAt(next);
    go(all[next] as number);
  };
  const step = (by: 1 | -1) => {
    if (wanted !== undefined) return go(wanted);
    waiting.current = matches.length === 0 ? by : undefined;
    show(matches, by, at);
  };
  const keyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && !event.isComposing) step(event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
  };
  return (
    <div class="find" role="search" aria-label="In this output">
      <input
        ref={box} type="search" value={text} aria-label="Find in output" placeholder="Find, or :120 for a line" spellcheck={false} autocomplete="off"
        onInput={(event) => ((waiting.current = undefined), setText(event.currentTarget.value))} onKeyDown={keyDown}
      />
      <span class="find-count number muted" role="status">{count(matches.length, at, busy, text !== "" && wanted === undefined)}</span>
      <IconButton icon="up" label="Previous match (Shift Enter)" disabled={matches.length === 0} onClick={() => step(-1)} />
      <IconButton icon="down" label="Next match (Enter)" disabled={matches.length === 0 && wanted === undefined} onClick={() => step(1)} />
      <IconButton icon="close" label="Close (Esc)" onClick={close} />
    </div>
  );
}

/** The match to begin with: the next one from where the reader is. */
function begin(matches: readonly number[], line: number | undefined, by: 1 | -1): number {
  const before = matches.findLastIndex((match) => match < (line ?? Infinity));
  if (by < 0 || line === undefined) return before < 0 ? matches.length - 1 : before;
  return (before + 1) % matches.length;
}

function count(matches: number, at: number | undefined, busy: boolean, asked: boolean): string {
  if (!asked) return "";
  if (matches === 0) return busy ? "Searching…" : "Not found";
  const all = `${format.count(matches)}${busy || matches >= MOST_MATCHES ? "+" : ""}`;
  return at === undefined ? format.plural(matches, "line").replace(format.count(matches), all) : `${format.count(at + 1)} of ${all}`;
}

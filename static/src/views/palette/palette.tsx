// Ctrl K: everything that can be gone to or done, by typing. The focus stays in the field; arrows move the choice.

import type { wire } from "@generic-corp/client";
import { Fragment } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import * as api from "../../api";
import { shortcuts } from "../../preferences";
import { KEYS, overlay } from "../../shortcuts";
import { Dialog, Icon } from "../../ui/basics";
import { useList } from "../../ui/use-api";
import { NewRoom } from "../new-room";
import { type Entry, entries, searchFor } from "./commands";
import { find } from "./find";

const MOST = 50;
const PAGE = 8;

interface OverlayProps {
  workspace: string | undefined;
  organization: string | undefined;
}

export function Overlay(props: OverlayProps) {
  const [creating, setCreating] = useState(false);
  /** A dialog tells late that it closed; by then another may be open. */
  const close = (mine: typeof overlay.value) => () => {
    if (overlay.value === mine) overlay.value = undefined;
  };
  return (
    <>
      {overlay.value === "palette" && <Palette {...props} createRoom={() => setCreating(true)} onClose={close("palette")} />}
      {overlay.value === "keys" && <Keys onClose={close("keys")} />}
      {creating && props.workspace && <NewRoom workspace={props.workspace} onClose={() => setCreating(false)} />}
    </>
  );
}

const nameOf = (entry: Entry | undefined): string | undefined => entry && `${entry.kind} ${entry.label}`;

/** The choice after a key, or `undefined` for a key that moves nothing. */
function moved(key: string, current: number, count: number): number | undefined {
  if (count === 0) return undefined;
  switch (key) {
    case "ArrowDown": return (current + 1) % count;
    case "ArrowUp": return (current - 1 + count) % count;
    case "PageDown": return Math.min(current + PAGE, count - 1);
    case "PageUp": return Math.max(current - PAGE, 0);
    default: return undefined;
  }
}

function Palette({ workspace, organization, createRoom, onClose }: OverlayProps & { createRoom: () => void; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const [text, setText] = useState("");
  // By its name: agents come later, and must not push another under the choice.
  const [chosen, setChosen] = useState<string>();
  const agents = useList<wire.Agent>(workspace && api.workspacePath(workspace, "/agents"));
  const named = find(entries({ workspace, organization, agents: agents.data ?? [], createRoom }), text).slice(0, MOST);
  const found = workspace && text.trim() ? [...named, searchFor(workspace, text.trim())] : named;
  const current = Math.max(0, found.findIndex((entry) => nameOf(entry) === chosen));
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }), [current, text]);
  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    const path = location.href;
    // Closing gives the focus back to where it was; a page that is gone to takes it from there.
    dialog.current?.close();
    onClose();
    entry.run();
    if (location.href !== path) document.getElementById("main")?.focus();
  };
  const key = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const next = moved(event.key, current, found.length);
    if (event.key === "Enter") run(found[current]);
    else if (next !== undefined) setChosen(nameOf(found[next]));
    else return;
    event.preventDefault();
  };
  return (
    <dialog class="palette" ref={dialog} aria-label="Go to or do" onClose={onClose} onClick={(event) => event.target === dialog.current && dialog.current?.close()}>
      <input
        type="text" role="combobox" aria-label="Go to or do" aria-expanded="true" aria-controls={id} aria-autocomplete="list"
        aria-activedescendant={found.length > 0 ? `${id}-${current}` : undefined}
        placeholder="A page, room, agent, words of a message, or something to do" autoFocus autoComplete="off" spellcheck={false} value={text}
        onInput={(event) => (setText(event.currentTarget.value), setChosen(undefined))} onKeyDown={key}
      />
      <div role="listbox" id={id} ref={list} aria-label="What is found">
        {found.map((entry, i) => (
          <div key={nameOf(entry)} id={`${id}-${i}`} role="option" aria-selected={i === current} onClick={() => run(entry)} onPointerMove={() => setChosen(nameOf(entry))}>
            <Icon name={entry.icon} /><span>{entry.label}</span><span class="muted">{entry.kind}</span>
          </div>
        ))}
      </div>
      <p class={found.length === 0 ? "muted" : "sr-only"} role="status">{named.length === 0 ? `Nothing is called “${text}”.` : text && `${found.length} found`}</p>
    </dialog>
  );
}

function Keys({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="key-list">
        {KEYS.filter(({ single }) => !single || shortcuts.value).map(({ keys, what }) => (
          <Fragment key={keys}>
            <dt>{keys.split(/( or | then )/).map((part, i) => (i % 2 ? part : <kbd key={part}>{part}</kbd>))}</dt>
            <dd>{what}</dd>
          </Fragment>
        ))}
      </dl>
      <p class="muted">Single keys can be turned off in <a href="/account/settings" onClick={onClose}>your settings</a>.</p>
    </Dialog>
  );
}

// Where people write. What is on its way or failed stands above it until it is stored.

import { useEffect, useRef, useState } from "preact/hooks";
import { now } from "../clock";
import * as format from "../format";
import { canPublish, stopped, welcome } from "../hub";
import { Button, Icon, IconButton } from "../ui/basics";
import { Avatar, Name } from "../ui/people";
import { type Candidate, candidates, complete, wordAt } from "./completion";
import type { RoomModel } from "./model";
import { plain } from "./row";

export function Composer({ model }: { model: RoomModel }) {
  const [text, setText] = useState("");
  const box = useRef<HTMLTextAreaElement>(null);
  const mention = useMention(model, box, setText);
  const name = model.room.name;
  const answering = model.answering.value;
  useEffect(() => {
    if (answering) box.current?.focus();
  }, [answering]);
  const send = () => {
    if (!text.trim()) return;
    void model.outbox.send(text.trim(), answering?.seq);
    setText("");
    model.answering.value = undefined;
    mention.close();
    void model.latest();
    box.current?.focus();
  };
  const keyDown = (event: KeyboardEvent) => {
    if (event.isComposing || mention.keyDown(event)) return;
    if (event.key === "Escape" && answering) model.answering.value = undefined;
    // A phone's Enter makes a new line; a composition's Enter chooses a word.
    if (event.key !== "Enter" || event.shiftKey || matchMedia("(pointer: coarse)").matches) return;
    event.preventDefault();
    send();
  };
  if (welcome.value && !canPublish()) return <p class="composer-off">You may read here, not write.</p>;
  return (
    <div class="composer-area">
      <Outgoing model={model} />
      <Stopped />
      {answering && (
        <p class="answering">
          <Icon name="reply" />
          <span>Answering <strong><Name text={answering.sender.name} /></strong> <span class="muted"><Name text={plain(answering)} /></span></span>
          <IconButton icon="close" label="Answer nobody (Esc)" onClick={() => (model.answering.value = undefined)} />
        </p>
      )}
      <form class="composer" onSubmit={(event) => (event.preventDefault(), send())}>
        {mention.list}
        <textarea
          ref={box} rows={1} value={text} aria-label={`Message #${name}`} placeholder={`Message #${name}`} maxLength={40_000}
          onInput={(event) => (setText(event.currentTarget.value), mention.look())} onKeyDown={keyDown} onClick={mention.look} onBlur={mention.close}
          aria-autocomplete="list" aria-controls={mention.list ? LIST : undefined} aria-activedescendant={mention.active}
        />
        <Button kind="primary" type="submit" icon="send" aria-label="Send" title="Send (Enter)" disabled={!text.trim()} />
      </form>
    </div>
  );
}

const LIST = "mention-list";

/** Completes `@…` by who is in the room. */
function useMention(model: RoomModel, box: preact.RefObject<HTMLTextAreaElement | null>, setText: (text: string) => void) {
  const [found, setFound] = useState<readonly Candidate[]>([]);
  const [at, setAt] = useState(0);
  const close = () => setFound([]);
  const look = () => {
    const area = box.current;
    const word = area && wordAt(area.value, area.selectionStart);
    setFound(word === undefined || word === null ? [] : candidates(model.members.peek(), word, welcome.peek()?.you.id));
    setAt(0);
  };
  const take = (candidate: Candidate | undefined) => {
    const area = box.current;
    if (!area || !candidate) return;
    const { text, caret } = complete(area.value, area.selectionStart, candidate.name);
    setText(text);
    close();
    area.focus();
    // Once the text is in the box.
    requestAnimationFrame(() => area.setSelectionRange(caret, caret));
  };
  const keyDown = (event: KeyboardEvent): boolean => {
    if (found.length === 0) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") setAt((at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length);
    else if (event.key === "Enter" || event.key === "Tab") take(found[at]);
    else if (event.key === "Escape") close();
    else return false;
    event.preventDefault();
    return true;
  };
  const list = found.length > 0 && (
    <ul class="mention-list" id={LIST} role="listbox" aria-label="Whom to mention">
      {found.map((candidate, i) => (
        // Before the box loses the focus.
        <li key={candidate.name} id={`${LIST}-${i}`} role="option" aria-selected={i === at} onPointerDown={(event) => (event.preventDefault(), take(candidate))}>
          <Avatar sender={candidate.sender} small /><span><Name text={candidate.name} /></span><span class="muted">{candidate.sender.kind === "agent" ? "agent" : "person"} · {candidate.state}</span>
        </li>
      ))}
    </ul>
  );
  return { list, look, close, keyDown, active: found.length > 0 ? `${LIST}-${at}` : undefined };
}

/** Says until when nothing can be written. */
function Stopped() {
  const until = stopped.value;
  if (until === undefined || until <= now.value) return null;
  return <p class="composer-stopped" role="status"><Icon name="gauge" /> <span>Writing stops until {format.until(until, now.value)}: the plan's messages are used up. Reading works.</span></p>;
}

function Outgoing({ model }: { model: RoomModel }) {
  const { outbox } = model;
  if (outbox.messages.value.length === 0) return null;
  return (
    <ul class="outgoing" aria-label="Not sent yet">
      {outbox.messages.value.map(({ key, text, replyTo, seq, error }) => (
        <li key={key} class={error ? "failed" : ""}>
          <p>{text}</p>
          {error ? (
            <p class="outgoing-error" role="alert">
              <Icon name="warning" /> <span>Not sent: {error.message}</span>
              <Button kind="quiet" onClick={() => void outbox.send(text, replyTo, key)}>Try again</Button>
              <Button kind="quiet" onClick={() => outbox.discard(key)}>Discard</Button>
            </p>
          ) : (
            <p class="muted">{seq === undefined ? "Sending…" : `Stored as message ${format.count(seq)}`}</p>
          )}
        </li>
      ))}
    </ul>
  );
}

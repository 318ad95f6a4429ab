// Where people write. What is on its way or failed stands above it until it is stored.

import { useRef, useState } from "preact/hooks";
import { canPublish, welcome } from "../hub";
import { Button, Icon } from "../ui/basics";
import type { RoomModel } from "./model";

export function Composer({ model }: { model: RoomModel }) {
  const [text, setText] = useState("");
  const box = useRef<HTMLTextAreaElement>(null);
  const name = model.room.name;
  const send = () => {
    if (!text.trim()) return;
    void model.send(text.trim());
    setText("");
    void model.latest();
    box.current?.focus();
  };
  const keyDown = (event: KeyboardEvent) => {
    // A phone's Enter makes a new line; a composition's Enter chooses a word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || matchMedia("(pointer: coarse)").matches) return;
    event.preventDefault();
    send();
  };
  if (welcome.value && !canPublish()) return <p class="composer-off">You may read here, not write.</p>;
  return (
    <div class="composer-area">
      <Outgoing model={model} />
      <form class="composer" onSubmit={(event) => (event.preventDefault(), send())}>
        <textarea
          ref={box} rows={1} value={text} aria-label={`Message #${name}`} placeholder={`Message #${name}`} maxLength={40_000}
          onInput={(event) => setText(event.currentTarget.value)} onKeyDown={keyDown}
        />
        <Button kind="primary" type="submit" icon="send" aria-label="Send" title="Send (Enter)" disabled={!text.trim()} />
      </form>
    </div>
  );
}

function Outgoing({ model }: { model: RoomModel }) {
  if (model.outgoing.value.length === 0) return null;
  return (
    <ul class="outgoing" aria-label="Not sent yet">
      {model.outgoing.value.map(({ key, text, error }) => (
        <li key={key} class={error ? "failed" : ""}>
          <p>{text}</p>
          {error ? (
            <p class="outgoing-error" role="alert">
              <Icon name="warning" /> <span>Not sent: {error.message}</span>
              <Button kind="quiet" onClick={() => void model.send(text, key)}>Try again</Button>
              <Button kind="quiet" onClick={() => model.discard(key)}>Discard</Button>
            </p>
          ) : (
            <p class="muted">Sending…</p>
          )}
        </li>
      ))}
    </ul>
  );
}

// Questions in a dialog: a form that is sent, and an act that is confirmed, if need be by typing a name.

import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { Button, Dialog, ErrorNote, Field } from "./basics";
import { useAction } from "./use-api";

export type Values = Record<string, string>;

/** What the fields of a form hold. */
export const valuesOf = (event: Event): Values => Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement)) as Values;

interface FormDialogProps {
  title: string;
  action: string;
  send: (values: Values) => Promise<unknown>;
  onClose: () => void;
  children: ComponentChildren;
}

/** `send` closes the dialog when it went well. */
export function FormDialog({ title, action, send, onClose, children }: FormDialogProps) {
  const { busy, error, run } = useAction();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const values = valuesOf(event);
    void run(() => send(values)).then((done) => done && onClose());
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        {children}
        <ErrorNote error={error} />
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>{action}</Button>
        </footer>
      </form>
    </Dialog>
  );
}

interface ConfirmProps {
  title: string;
  action: string;
  /** What is to be typed first. */
  typed?: string;
  act: () => Promise<unknown>;
  onClose: () => void;
  children: ComponentChildren;
}

export function Confirm({ title, action, typed, act, onClose, children }: ConfirmProps) {
  const { busy, error, run } = useAction();
  const [text, setText] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void run(act).then((done) => done && onClose());
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        <div class="said-more">{children}</div>
        {typed !== undefined && (
          <Field label={`Type “${typed}” to go on`} name="confirm" autoComplete="off" spellcheck={false} autoFocus value={text} onInput={(event) => setText(event.currentTarget.value)} />
        )}
        <ErrorNote error={error} />
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="danger" type="submit" busy={busy} disabled={typed !== undefined && text !== typed}>{action}</Button>
        </footer>
      </form>
    </Dialog>
  );
}

interface SelectProps {
  label: string;
  hint?: string;
  options: readonly (readonly [value: string, label: string])[];
  name?: string;
  value?: string;
  defaultValue?: string;
  disabled?: boolean;
  onChange?: preact.GenericEventHandler<HTMLSelectElement>;
}

/** A choice out of a few, with its label. */
export function Select({ label, hint, options, ...rest }: SelectProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} aria-describedby={hint ? `${id}-hint` : undefined} {...rest}>
        {options.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
      </select>
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
    </div>
  );
}

/** Saves what a request answers as a file. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

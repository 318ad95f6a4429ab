// The small parts everything is made of.

import type { HubError } from "@generic-corp/client";
import type { ButtonHTMLAttributes, ComponentChildren, InputHTMLAttributes } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

/** An icon of `css/icons.css`; meaning is always in the words beside it. */
export function Icon({ name }: { name: string }) {
  return <svg class={`icon icon-${name}`} aria-hidden="true"><use href={`#icon-${name}`} /></svg>;
}

/** The shape of a state, beside its word: no font has to know it. */
export type Shape = "dot" | "target" | "ring" | "quarter" | "check" | "cross" | "slash" | "bang" | "diamond";

/** Those of an icon; the others are painted by the style sheet. */
const DRAWN: readonly Shape[] = ["check", "cross", "slash", "bang"];

export function Mark({ shape }: { shape: Shape }) {
  if (DRAWN.includes(shape)) return <svg class="mark" aria-hidden="true"><use href={`#icon-mark-${shape}`} /></svg>;
  return <span class={`mark mark-${shape}`} aria-hidden="true" />;
}

type ButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, "class"> & {
  class?: string;
  kind?: "primary" | "plain" | "quiet" | "danger";
  icon?: string;
  busy?: boolean;
};

export function Button({ kind = "plain", icon, busy = false, children, disabled, class: extra = "", ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} class={`button ${kind} ${children ? "" : "only-icon"} ${extra}`} disabled={disabled || busy} aria-busy={busy}>
      {icon && <Icon name={icon} />}
      {children && <span>{children}</span>}
    </button>
  );
}

/** A button that is an icon, with its name as a tooltip. */
export function IconButton({ label, ...rest }: Omit<ButtonProps, "children"> & { label: string; icon: string }) {
  return <Button kind="quiet" {...rest} aria-label={label} title={label} />;
}

type FieldProps = InputHTMLAttributes<HTMLInputElement> & { label: string; hint?: string };

export function Field({ label, hint, ...rest }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} aria-describedby={hint ? `${id}-hint` : undefined} {...rest} />
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
    </div>
  );
}

/** What went wrong, in words. */
export function ErrorNote({ error }: { error: HubError | Error | undefined }) {
  if (!error) return null;
  return <p class="note bad" role="alert"><Icon name="warning" /><span>{error.message}</span></p>;
}

/** Text that can be taken away with one click. */
export function CopyButton({ text, label = "Copy", icon = "copy" }: { text: string | (() => string); label?: string; icon?: string }) {
  const [state, setState] = useState<"ready" | "done" | "failed">("ready");
  useEffect(() => {
    if (state === "ready") return;
    const timer = setTimeout(() => setState("ready"), 2_000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "string" ? text : text());
      setState("done");
    } catch {
      setState("failed");
    }
  };
  const words = { ready: label, done: "Copied", failed: "Select and copy by hand" };
  return (
    <>
      <IconButton icon={state === "done" ? "check" : icon} label={words[state]} onClick={copy} />
      <span class="sr-only" role="status">{state === "ready" ? "" : words[state]}</span>
    </>
  );
}

/** A command to paste into a shell. */
export function Command({ text, label }: { text: string; label: string }) {
  return (
    <div class="command">
      <pre tabIndex={0} aria-label={label}><code>{text}</code></pre>
      <CopyButton text={text} label="Copy the command" />
    </div>
  );
}

type DialogProps = { title: string; onClose: () => void; children: ComponentChildren };

/** Where the focus goes when a dialog is taken away: back, or to the page where that is gone. */
function giveBack(before: Element | null): void {
  const to = before instanceof HTMLElement && before.isConnected && before !== document.body ? before : document.getElementById("main");
  if (document.activeElement === document.body || document.activeElement === null) to?.focus();
}

/** A modal question; Esc and a click outside close it. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    // While the dialog is there, nothing else takes the focus.
    return () => queueMicrotask(() => giveBack(before));
  }, []);
  return (
    <dialog ref={ref} aria-labelledby={id} onClose={onClose} onClick={(event) => event.target === ref.current && ref.current?.close()}>
      <div class="dialog">
        <header>
          <h2 id={id}>{title}</h2>
          <IconButton icon="close" label="Close" onClick={() => ref.current?.close()} />
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** A few choices of which one holds. */
export function Segmented<T extends string>({ label, options, value, onChange }: {
  label: string;
  options: readonly { value: T; label: ComponentChildren; name?: string }[];
  value: T;
  onChange: (value: T) => void;
}) {
  return (
    <div class="segmented" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option.value} type="button" aria-pressed={option.value === value} aria-label={option.name} title={option.name} onClick={() => onChange(option.value)}>
          {option.label}
        </button>
      ))}
    </div>
  );
}

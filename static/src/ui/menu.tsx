// A button that opens a small panel; Esc, a click elsewhere, a choice, and full screen close it.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { route } from "../router";

type MenuProps = { class: string; label: ComponentChildren; name: string; up?: boolean; children: ComponentChildren };

export function Menu({ class: name, label, name: title, up = false, children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    const close = () => setOpen(false);
    const outside = (event: Event) => !root.current?.contains(event.target as Node) && close();
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      close();
      button.current?.focus();
    };
    addEventListener("pointerdown", outside);
    addEventListener("focusin", outside);
    addEventListener("keydown", escape);
    document.addEventListener("fullscreenchange", close);
    const stop = route.subscribe((() => {
      let first = true;
      return () => {
        if (!first) close();
        first = false;
      };
    })());
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("focusin", outside);
      removeEventListener("keydown", escape);
      document.removeEventListener("fullscreenchange", close);
      stop();
    };
  }, [open]);
  return (
    <div class={`menu ${name} ${up ? "up" : ""}`} ref={root}>
      <button ref={button} type="button" class="menu-button" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        {label}
        <span class="sr-only">{title}</span>
      </button>
      {open && <div class="menu-panel" id={id}>{children}</div>}
    </div>
  );
}

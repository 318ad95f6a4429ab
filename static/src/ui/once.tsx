// What is shown this once: a link or a secret, to be copied before it is put away.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Button, CopyButton } from "./basics";

interface OnceProps {
  title: string;
  value: string;
  /** What the button copies. */
  what: string;
  intro?: ComponentChildren;
  onDone: () => void;
  children?: ComponentChildren;
}

/** Takes the focus, since what opened it is gone. */
export function Once({ title, value, what, intro = "It is shown only now.", onDone, children }: OnceProps) {
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [value]);
  return (
    <section class="secret" aria-labelledby={id}>
      <h2 id={id} ref={heading} tabIndex={-1}>{title}</h2>
      <p>{intro}</p>
      <div class="secret-value"><code>{value}</code><CopyButton text={value} label={`Copy ${what}`} /></div>
      {children}
      <Button kind="primary" onClick={onDone}>I have kept it</Button>
    </section>
  );
}

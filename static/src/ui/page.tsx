// The parts of pages: their head, sections, facts, tables.

import type { ComponentChildren } from "preact";
import { useEffect, useId } from "preact/hooks";

interface PageProps {
  title: string;
  /** In the tab, where it says more than the title. */
  tab?: string | undefined;
  intro?: ComponentChildren;
  actions?: ComponentChildren;
  wide?: boolean;
  children?: ComponentChildren;
}

/** A screen with its one heading; the title is also the tab's. */
export function Page({ title, tab = title, intro, actions, wide = false, children }: PageProps) {
  useEffect(() => {
    document.title = `${tab} · generic-corp`;
  }, [tab]);
  return (
    <main class={`page ${wide ? "wide" : ""}`}>
      <header class="page-head">
        <div>
          <h1>{title}</h1>
          {intro && <p class="muted">{intro}</p>}
        </div>
        {actions && <div class="page-actions">{actions}</div>}
      </header>
      {children}
    </main>
  );
}

export function Section({ title, intro, actions, tone = "", children }: { title: string; intro?: ComponentChildren; actions?: ComponentChildren; tone?: string; children?: ComponentChildren }) {
  const id = useId();
  return (
    <section class={`section ${tone}`} aria-labelledby={id}>
      <header class="section-head">
        <div>
          <h2 id={id}>{title}</h2>
          {intro && <p class="muted">{intro}</p>}
        </div>
        {actions && <div class="page-actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

/** A table that scrolls by itself, and is a list of cards where it is narrow: give cells a `data-label`. */
export function Table({ label, head, children }: { label: string; head: readonly string[]; children: ComponentChildren }) {
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label={label}>
      <table class="keys">
        <thead>
          <tr>{head.map((name) => (name ? <th key={name} scope="col">{name}</th> : <td key="act" />))}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

// Screens that are loaded when they are first opened.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Button, Icon } from "./basics";

type Props = object;

/**
 * A component in a file of its own. `load` is asked once; a file that is gone since the hub was renewed is said.
 * A `part` of a page leaves its place empty until it is there.
 */
export function lazy<P extends Props>(load: () => Promise<ComponentType<P>>, { part = false } = {}): ComponentType<P> {
  let loaded: ComponentType<P> | undefined;
  return function Lazy(props: P) {
    const [, setReady] = useState(false);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (loaded) return;
      let here = true;
      load().then(
        (component) => {
          loaded = component;
          if (here) setReady(true);
        },
        () => here && setFailed(true),
      );
      return () => {
        here = false;
      };
    }, []);
    if (loaded) {
      const Component = loaded;
      return <Component {...props} />;
    }
    if (part) return failed ? <p class="muted">This part could not be loaded. Load the page again.</p> : null;
    return <main class="page">{failed ? <Failed /> : <p class="sr-only" role="status">Opening…</p>}</main>;
  };
}

function Failed() {
  return (
    <section class="empty">
      <Icon name="warning" />
      <h1>This page could not be loaded</h1>
      <p>The hub may have been renewed, or is out of reach. Loading again helps in the first case.</p>
      <Button kind="primary" onClick={() => location.reload()}>Load again</Button>
    </section>
  );
}

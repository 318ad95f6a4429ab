// A part of a page that is loaded when it is first shown.

import { HubError } from "@generic-corp/client";
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ErrorNote } from "./basics";

/** A component that `load` fetches. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | undefined;
  return function Lazy(props: P) {
    const [, setReady] = useState(loaded !== undefined);
    const [error, setError] = useState<HubError>();
    useEffect(() => {
      if (loaded) return;
      load().then(
        (component) => ((loaded = component), setReady(true)),
        (cause: unknown) => setError(new HubError("unavailable", "This part of the page could not be loaded. Load the page again.", { cause })),
      );
    }, []);
    if (error) return <ErrorNote error={error} />;
    const Component = loaded;
    return Component ? <Component {...props} /> : <p class="loading muted" role="status">Loading…</p>;
  };
}

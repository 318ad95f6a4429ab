// Chooses the view that the address names, and asks for a sign-in where one is needed.

import { HubError } from "@generic-corp/client";
import type { FunctionComponent } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { type Route, navigate, route } from "../router";
import { home, me, signInFirst, start } from "../session";
import { Button, ErrorNote } from "../ui/basics";
import { Brand } from "../ui/logo";
import { Elsewhere } from "./elsewhere";
import { Register, Setup, SignIn } from "./entry";
import { Confirm, Forgot, Invite, Reset } from "./links";
import { Shell } from "./shell";

/** Changes the address after this paint, never during one. */
function Go({ to }: { to: string }) {
  useEffect(() => navigate(to, { replace: true }), [to]);
  return null;
}

function AskSignIn() {
  useEffect(signInFirst, []);
  return null;
}

function Waiting({ error, retry }: { error: HubError | undefined; retry: () => void }) {
  return (
    <main class="entry">
      <div class="entry-card">
        <Brand />
        {error ? <><h1>The hub does not answer</h1><ErrorNote error={error} /><Button kind="primary" onClick={retry}>Try again</Button></> : <><h1 class="sr-only">generic-corp</h1><p class="intro" role="status">Opening…</p></>}
      </div>
    </main>
  );
}

/** Views that make a session or need none: they ask for no session of before. */
const WITHOUT_SESSION: Partial<Record<Route["view"], FunctionComponent>> = {
  setup: Setup, "sign-in/callback": Elsewhere, reset: Reset, confirm: Confirm, forgot: Forgot,
};

export function App() {
  const [error, setError] = useState<HubError>();
  const begin = () => {
    setError(undefined);
    start().catch((cause: HubError) => setError(cause));
  };
  const view = route.value;
  const Alone = WITHOUT_SESSION[view.view];
  useLayoutEffect(() => {
    if (!Alone && me.peek() === undefined) begin();
  }, [Alone]);
  if (Alone) return <Alone />;
  if (me.value === undefined) return <Waiting error={error} retry={begin} />;
  if (view.view === "invite") return <Invite />;
  if (me.value === null) {
    if (view.view === "sign-in") return <SignIn />;
    if (view.view === "register") return <Register />;
    return <AskSignIn />;
  }
  if (view.view === "home" || view.view === "sign-in" || view.view === "register") {
    const to = home();
    return to ? <Go to={to} /> : <Shell view={{ view: "missing" }} />;
  }
  return <Shell view={view} />;
}

// The page that a sign-in at a provider leads back to.

import type { HubError } from "@generic-corp/client";
import { useEffect, useState } from "preact/hooks";
import { finishSignIn } from "../session";
import { ErrorNote } from "../ui/basics";
import { Card } from "./entry";

/** The provider's answer, which is good once; it is taken out of the address at once. */
function takeAnswer() {
  const answer = new URLSearchParams(location.search);
  if (location.search) history.replaceState(null, "", location.pathname);
  const text = (name: string) => answer.get(name) ?? undefined;
  const [code, iss] = [text("code"), text("iss")];
  return { state: text("state") ?? "", ...(code !== undefined && { code }), ...(iss !== undefined && { iss }) };
}

export function Elsewhere() {
  const [answer] = useState(takeAnswer);
  const [error, setError] = useState<HubError>();
  useEffect(() => {
    finishSignIn(answer).catch((cause: HubError) => setError(cause));
  }, [answer]);
  if (!error) return <Card title="Sign in" intro={<span role="status">Opening…</span>} />;
  return (
    <Card title="You are not signed in" intro="Nothing was changed.">
      <ErrorNote error={error} />
      <p class="aside"><a href="/sign-in">Back to the sign-in</a></p>
    </Card>
  );
}

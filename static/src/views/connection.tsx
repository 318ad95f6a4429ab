// Where the connection stands: a pill that is always there, and a banner when it needs saying.

import { AuthError, type HubError, type State } from "@generic-corp/client";
import { useState } from "preact/hooks";
import { now } from "../clock";
import type { RoomModel } from "../feed/model";
import * as format from "../format";
import * as connection from "../hub";
import { signInFirst } from "../session";
import { Button, Icon, Mark, type Shape } from "../ui/basics";
import { CHARGED, meter as meterOf } from "../usage/meters";

interface Words {
  tone: string;
  shape: Shape;
  short: string;
}

function words(state: State): Words {
  switch (state.name) {
    case "live": return { tone: "ok", shape: "dot", short: "Live" };
    case "catching_up": return { tone: "warn", shape: "quarter", short: "Catching up" };
    case "closed": return { tone: "bad", shape: "cross", short: "Disconnected" };
    case "connecting": return { tone: "warn", shape: "ring", short: connection.welcome.value ? "Reconnecting" : "Connecting" };
  }
}

export function Pill() {
  const { tone, shape, short } = words(connection.state.value);
  return (
    <span class={`pill ${tone}`} role="status">
      <Mark shape={shape} />{short}
    </span>
  );
}

export function Banners({ model }: { model: RoomModel }) {
  return (
    <>
      <ConnectionBanner />
      <MissedBanner model={model} />
      <UsageBanner />
    </>
  );
}

function ConnectionBanner() {
  const state = connection.state.value;
  if (state.name === "catching_up") {
    return <p class="banner warn">Catching up <strong class="number">{format.count(state.done)} of {format.count(state.total)}</strong></p>;
  }
  if (state.name === "closed") return <Closed error={state.error} />;
  // The first attempt is too short to speak of.
  if (state.name !== "connecting" || (state.attempt === 1 && !connection.welcome.value)) return null;
  const seconds = Math.max(0, Math.ceil((connection.retryAt.value - now.value) / 1_000));
  return (
    <div class="banner warn">
      <Icon name="signal-off" />
      <span>
        {seconds > 0 ? <>Reconnecting in <span class="number">{seconds} s</span></> : "Reconnecting…"}
        {state.attempt > 1 && <span class="muted"> attempt {state.attempt}</span>}
        <span class="muted banner-more"> Nothing is lost: what you miss comes when the hub is back.</span>
      </span>
      <Button onClick={() => connection.hub.value?.retryNow()}>Retry now</Button>
    </div>
  );
}

/** The connection is over, and trying again would not help: what happened, and what can be done. Who may no longer come in loads anew, since what was known of their workspaces is old. */
function Closed({ error }: { error: HubError | undefined }) {
  const out = error?.code === "forbidden" || error?.code === "not_found";
  const signedOut = error instanceof AuthError && !out;
  return (
    <div class="banner bad" role="alert">
      <Icon name="warning" />
      <span>
        <strong>{signedOut ? "You are signed out." : out ? "You may no longer come in here." : "Disconnected."}</strong>
        {" "}{!out && format.sentence(error?.message ?? "the connection was closed")} What is loaded can still be read; nothing new comes.
      </span>
      {signedOut ? <Button onClick={signInFirst}>Sign in</Button> : out ? <a class="button" href="/" target="_self">Your workspaces</a> : <Button onClick={() => location.reload()}>Load again</Button>}
    </div>
  );
}

function MissedBanner({ model }: { model: RoomModel }) {
  const missed = model.missed.value;
  if (!missed || connection.state.value.name !== "live") return null;
  const done = () => (model.missed.value = undefined);
  return (
    <div class="banner info" role="status">
      <span>{missed.since === "visit" ? <><strong class="number">{format.plural(missed.count, "message")}</strong> since your last visit</> : <>You missed <strong class="number">{format.plural(missed.count, "message")}</strong></>}</span>
      <Button onClick={() => (done(), void model.jump(missed.from))}>Jump to first</Button>
      <Button kind="quiet" onClick={done}>Dismiss</Button>
    </div>
  );
}

function UsageBanner() {
  const [dismissed, setDismissed] = useState<ReadonlySet<string>>(new Set());
  const due = [...connection.usage.value.values()].filter(
    ({ level, meter, resets_at }) => level !== "info" && !dismissed.has(`${meter}:${level}`) && Date.parse(resets_at) > now.value,
  );
  return (
    <>
      {due.map(({ level, meter, used, limit, resets_at }) => {
        const { name, show, stops, works } = meterOf(meter);
        return (
          <div key={meter} class={`banner ${level === "warn" ? "warn" : "bad"}`} role={level === "warn" ? "status" : "alert"}>
            <Icon name="gauge" />
            <span>
              <strong>{name}: <span class="number">{show(used)} of {show(limit)}</span></strong> used.
              {level === "hard" && ` ${stops} ${works}`}
              {level === "over" && ` ${CHARGED}`}
              {" "}Begins anew <time dateTime={resets_at}>{format.moment(resets_at)}</time>.
            </span>
            <Button kind="quiet" onClick={() => setDismissed(new Set(dismissed).add(`${meter}:${level}`))}>Dismiss</Button>
          </div>
        );
      })}
    </>
  );
}

// What one lands on: who is at work, what needs a human, the rooms by activity, and how much of the plan is used.

import type { wire } from "@generic-corp/client";
import { samples } from "../activity/rate";
import type { Activity } from "../activity/activity";
import { type Someone, byPerson, isBusy } from "../activity/people";
import { useActivity } from "../activity/use-activity";
import { now } from "../clock";
import * as format from "../format";
import { administers, manages, workspaceOf } from "../may";
import * as rooms from "../rooms";
import { href } from "../router";
import { ErrorNote } from "../ui/basics";
import { Page, Section } from "../ui/page";
import { Avatar, Presence, StreamMark } from "../ui/people";
import { TryIt } from "../ui/try-it";
import { isEndless, meter, share } from "../usage/meters";
import * as usage from "../usage/organization";
import { NeedsHuman } from "./needs-human";
import { RoomList, byActivity } from "./workspace";

const MOST_ROOMS = 6;
const MOST_AT_WORK = 8;

export function Overview({ workspace }: { workspace: string }) {
  const known = workspaceOf(workspace);
  const activity = useActivity(workspace);
  const list = rooms.rooms.value;
  const silent = list?.every(({ head }) => head === 0) ?? false;
  return (
    <Page title={known?.workspace.name ?? workspace} intro={known && <PlanLine organization={known.organization} />} wide>
      <ErrorNote error={rooms.error.value} />
      {silent && list && <FirstSteps workspace={workspace} room={list[0]?.name} />}
      <div class="cards">
        <AtWork activity={activity} workspace={workspace} />
        <Rate all={manages(known?.organization)} />
        <NeedsHuman activity={activity} workspace={workspace} />
      </div>
      {list && list.length > 0 && (
        <Section title="Rooms by activity" actions={<a href={href("w", workspace, "rooms")}>All {format.plural(list.length, "room")}</a>}>
          <RoomList rooms={byActivity(list).slice(0, MOST_ROOMS)} workspace={workspace} />
        </Section>
      )}
    </Page>
  );
}

/** The fullest of the month's limits, in a line. */
function PlanLine({ organization }: { organization: wire.Organization }) {
  const report = usage.report.value;
  const plan = usage.planOf(report?.plan)?.name ?? organization.plan;
  const [fullest] = [...(report?.limits ?? [])].filter((limit) => limit.resets_at && !isEndless(limit)).sort((a, b) => share(b) - share(a));
  const link = <a href={href("o", organization.slug, "usage")}>{plan} plan</a>;
  if (!fullest?.resets_at) return link;
  const { name, show } = meter(fullest.meter);
  return (
    <>
      <strong class="number">{format.percent(share(fullest))}</strong> of the {link} used
      {" · "}<span class="number">{show(fullest.used)} of {show(fullest.limit)}</span> {name.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())}
      {" · "}begins anew <time dateTime={fullest.resets_at}>{format.date(fullest.resets_at)}</time>
    </>
  );
}

function FirstSteps({ workspace, room }: { workspace: string; room: string | undefined }) {
  return (
    <Section title="Put the first output into a room" intro="Everyone in the room sees it as it comes, and it is kept." tone="first">
      <TryIt workspace={workspace} room={room ?? "lobby"} />
      {administers(workspace) && <p>It needs a key: <a href={href("w", workspace, "keys")}>create one</a>.</p>}
    </Section>
  );
}

function AtWork({ activity, workspace }: { activity: Activity | undefined; workspace: string }) {
  const agents = [...byPerson(activity?.seen.value ?? []).values()].filter(({ sender }) => sender.kind === "agent");
  const running = (activity?.streams.value ?? []).filter(({ state }) => state === "open");
  const busy = (someone: Someone) => isBusy(someone) || running.some((info) => info.sender.id === someone.sender.id);
  const sorted = [...agents].sort((a, b) => Number(busy(b)) - Number(busy(a)) || a.sender.name.localeCompare(b.sender.name));
  const atWork = agents.filter(busy).length;
  return (
    <section class="card at-work" aria-labelledby="at-work">
      <h2 id="at-work">At work now <span class="muted number">{atWork}</span></h2>
      {sorted.length === 0 && <p class="muted">{activity?.ready.value ? "No agent is connected to a room." : "Looking into the rooms…"}</p>}
      <ul>
        {sorted.slice(0, MOST_AT_WORK).map(({ sender, state, text }) => {
          const own = running.filter((info) => info.sender.id === sender.id);
          return (
            <li key={sender.id}>
              <Avatar sender={sender} small />
              <div>
                <p>
                  <a href={href("w", workspace, "agents", sender.name)}><strong>{sender.name}</strong></a>
                  {" "}<Presence state={state} text={own.some(({ name }) => name === text) ? undefined : text} />
                </p>
                {own.map((info) => <Running key={info.stream} info={info} workspace={workspace} />)}
              </div>
            </li>
          );
        })}
      </ul>
      {agents.length > 0 && <p class="card-more"><a href={href("w", workspace, "agents")}>All agents</a></p>}
    </section>
  );
}

function Running({ info, workspace }: { info: wire.StreamInfo; workspace: string }) {
  return (
    <p class="running">
      <StreamMark info={info} word={false} />
      <a href={href("w", workspace, "rooms", info.room, "streams", info.stream)}>{info.name}</a>
      <span class="muted number"> {format.duration(now.value - Date.parse(info.opened_at))}</span>
    </p>
  );
}

const WIDTH = 240, HEIGHT = 56;

/** `all`: the usage is that of everybody, not the reader's own. */
function Rate({ all }: { all: boolean }) {
  const list = samples.value;
  const latest = list.at(-1)?.perSecond ?? 0;
  const peak = Math.max(0, ...list.map(({ perSecond }) => perSecond));
  const today = usage.report.value?.rows.find(({ group }) => group === new Date(now.value).toISOString().slice(0, 10));
  const step = WIDTH / Math.max(list.length, 40);
  return (
    <section class="card" aria-labelledby="rate">
      <h2 id="rate">Messages and events</h2>
      <p class="figure"><strong class="number">{perSecond(latest)}</strong> a second</p>
      <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`Events a second since this page was opened: now ${perSecond(latest)}, at most ${perSecond(peak)}`} preserveAspectRatio="none">
        <path class="spark-base" d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} />
        {list.map((sample, i) => {
          const height = peak > 0 ? (sample.perSecond / peak) * (HEIGHT - 4) : 0;
          return height > 0 && <rect key={sample.at} x={WIDTH - (list.length - i) * step} y={HEIGHT - height} width={Math.max(step - 1, 1)} height={height} />;
        })}
      </svg>
      <p class="muted">
        {list[0] ? <>At most <span class="number">{perSecond(peak)}</span> a second since {format.time(new Date(list[0].at).toISOString())}</> : "Measured while you look"}
        {today && <> · <span class="number">{format.count(today.messages)}</span> today {all ? "in the organization" : "by you"}</>}
      </p>
    </section>
  );
}

const perSecond = (value: number): string => (value === 0 || value >= 9.95 ? format.count(Math.round(value)) : value.toFixed(1));

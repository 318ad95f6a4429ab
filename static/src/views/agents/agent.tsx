// One agent: what it does, its output, its keys, its connections, what it used; and locking it out.

import type { wire } from "@generic-corp/client";
import { useState } from "preact/hooks";
import { byPerson } from "../../activity/people";
import { useActivity } from "../../activity/use-activity";
import * as api from "../../api";
import { now } from "../../clock";
import * as format from "../../format";
import { administers, workspaceOf } from "../../may";
import { href } from "../../router";
import { Button, ErrorNote, Icon } from "../../ui/basics";
import { Confirm } from "../../ui/form";
import { Page, Section, Table } from "../../ui/page";
import { StreamMark } from "../../ui/people";
import { useAction, useApi, useList } from "../../ui/use-api";
import { Keys } from "../keys/keys";
import { NameForm } from "../settings/name-form";
import { Missing } from "../workspace";
import { AgentState } from "./agents";
import { Connections } from "./connections";

const EVERY_MS = 15_000;
const MOST_STREAMS = 20;

export function AgentPage({ workspace, name }: { workspace: string; name: string }) {
  const path = api.workspacePath(workspace, "/agents");
  // There is no path of one agent; the list is short.
  const { data: agents, error, reload } = useList<wire.Agent>(path, EVERY_MS);
  const agent = agents?.find((known) => known.name === name);
  if (agents && !agent) return <Missing />;
  if (!agent) return <Page title={name}><ErrorNote error={error} /></Page>;
  return <Shown workspace={workspace} agent={agent} path={`${path}/${encodeURIComponent(name)}`} reload={reload} />;
}

function Shown({ workspace, agent, path, reload }: { workspace: string; agent: wire.Agent; path: string; reload: () => Promise<void> }) {
  const activity = useActivity(workspace);
  const someone = byPerson(activity?.seen.value ?? []).get(agent.id);
  const streams = (activity?.streams.value ?? []).filter((info) => info.sender.id === agent.id).slice(0, MOST_STREAMS);
  const may = administers(workspace);
  const { busy, error, run } = useAction();
  const [asking, setAsking] = useState(false);
  const change = async (body: wire.ChangeAgent) => {
    await api.json(path, { method: "PATCH", body });
    await reload();
  };
  const toggle = agent.disabled
    ? <Button busy={busy} onClick={() => void run(() => change({ disabled: false }))}>Enable</Button>
    : <Button onClick={() => setAsking(true)}>Disable</Button>;
  return (
    <Page title={agent.name} intro={<><AgentState agent={agent} someone={someone} />{agent.title && <> · {agent.title}</>}</>} actions={may && toggle} wide>
      <ErrorNote error={error} />
      {agent.disabled && <p class="note bad"><Icon name="warning" /><span>This agent is locked out: its keys are refused until it is enabled.</span></p>}
      <dl class="facts">
        <div><dt>In rooms</dt><dd>{someone ? someone.rooms.map((room) => <a key={room} href={href("w", workspace, "rooms", room)}>#{room} </a>) : "none"}</dd></div>
        <div><dt>Program</dt><dd>{someone?.clients.map(({ name, version }) => `${name} ${version}`).join(", ") || "not known"}</dd></div>
        <div><dt>Made</dt><dd><time dateTime={agent.created_at}>{format.date(agent.created_at)}</time></dd></div>
      </dl>
      <Used workspace={workspace} agent={agent} />
      <Section title="Output" intro="What runs, and what ended in the last day, in the rooms with the newest activity.">
        {streams.length === 0 && <p class="muted">Nothing was written.</p>}
        {streams.length > 0 && (
          <Table label="List of output" head={["Name", "State", "Room", "Length", "When"]}>
            {streams.map((info) => (
              <tr key={info.stream}>
                <th scope="row"><a href={href("w", workspace, "rooms", info.room, "streams", info.stream)}>{info.name}</a></th>
                <td><StreamMark info={info} /></td>
                <td data-label="Room">#{info.room}</td>
                <td data-label="Length" class="number">{info.state === "open" ? "growing" : format.bytes(info.length)}</td>
                <td data-label="When"><time dateTime={info.opened_at}>{format.ago(info.opened_at, now.value)}</time></td>
              </tr>
            ))}
          </Table>
        )}
      </Section>
      {may && (
        <>
          <Section title="Connections"><Connections workspace={workspace} only={agent.id} /></Section>
          <Keys workspace={workspace} agent={agent.name} />
          <Section title="What it is for"><NameForm label="Title" value={agent.title} hint="Shown beside its name." save={(title) => change({ title })} optional /></Section>
        </>
      )}
      {asking && (
        <Confirm title={`Disable ${agent.name}?`} action="Disable" act={() => change({ disabled: true })} onClose={() => setAsking(false)}>
          <p>Its connections are closed and its keys refused until it is enabled again. Nothing is deleted.</p>
        </Confirm>
      )}
    </Page>
  );
}

function Used({ workspace, agent }: { workspace: string; agent: wire.Agent }) {
  const organization = workspaceOf(workspace)?.organization;
  const { data, error } = useApi<wire.UsageReport>(organization && api.organizationPath(organization.slug, "/usage?by=agent"));
  const row = data?.rows.find(({ group }) => group === agent.id);
  if (error) return <ErrorNote error={error} />;
  // Members see what they used themselves.
  if (!row) return null;
  return (
    <Section title="This month">
      <dl class="facts">
        <div><dt>Messages</dt><dd class="number">{format.count(row.messages)}</dd></div>
        <div><dt>Connected</dt><dd class="number">{format.duration(row.agent_seconds * 1_000)}</dd></div>
        <div><dt>Streams</dt><dd class="number">{format.count(row.streams)}</dd></div>
        <div><dt>Output</dt><dd class="number">{format.bytes(row.stream_bytes)}</dd></div>
        <div><dt>API calls</dt><dd class="number">{format.count(row.api_calls)}</dd></div>
      </dl>
    </Section>
  );
}

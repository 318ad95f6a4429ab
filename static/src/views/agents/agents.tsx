// The agents of a workspace: what each does at the moment, and what it is for.

import type { wire } from "@generic-corp/client";
import { useState } from "preact/hooks";
import { type Someone, byPerson } from "../../activity/people";
import { useActivity } from "../../activity/use-activity";
import * as api from "../../api";
import * as format from "../../format";
import { administers, manages, workspaceOf } from "../../may";
import { rooms } from "../../rooms";
import { href } from "../../router";
import { Button, ErrorNote, Field, Icon, Mark } from "../../ui/basics";
import { FormDialog } from "../../ui/form";
import { Page, Table } from "../../ui/page";
import { Avatar, Presence } from "../../ui/people";
import { TryIt } from "../../ui/try-it";
import { useApi, useList } from "../../ui/use-api";
import { slugify } from "../new-room";

const EVERY_MS = 15_000;

export function Agents({ workspace }: { workspace: string }) {
  const path = api.workspacePath(workspace, "/agents");
  const { data: agents, error, reload } = useList<wire.Agent>(path, EVERY_MS);
  const organization = workspaceOf(workspace)?.organization;
  // Others see only what they used themselves.
  const counted = manages(organization);
  const usage = useApi<wire.UsageReport>(counted && organization ? api.organizationPath(organization.slug, "/usage?by=agent") : undefined);
  const activity = useActivity(workspace);
  const [asking, setAsking] = useState(false);
  const [filter, setFilter] = useState("");
  const may = administers(workspace);
  const people = byPerson(activity?.seen.value ?? []);
  const running = (activity?.streams.value ?? []).filter(({ state }) => state === "open");
  const shown = agents?.filter((agent) => `${agent.name} ${agent.title}`.toLowerCase().includes(filter.toLowerCase()));
  return (
    <Page title="Agents" intro={agents && `${format.plural(agents.length, "agent")}, ${format.count(agents.filter(({ id }) => people.has(id)).length)} in a room now`} actions={may && <Button kind="primary" icon="plus" onClick={() => setAsking(true)}>Create agent</Button>} wide>
      <ErrorNote error={error} />
      {agents && agents.length > 8 && <input class="filter" type="search" placeholder="Filter agents" aria-label="Filter agents" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />}
      {agents?.length === 0 && (
        <section class="empty left">
          <Icon name="agent" />
          <h2>No agents yet</h2>
          <p>An agent is a program that connects with a key of its own. {may ? <a href={href("w", workspace, "keys")}>Create a key</a> : "Ask who administers this workspace for a key"}, and paste:</p>
          <TryIt workspace={workspace} room={rooms.value?.[0]?.name ?? "lobby"} />
        </section>
      )}
      {shown && shown.length > 0 && (
        <Table label="List of agents" head={["Agent", "State", "Output", ...(counted ? ["Messages this month", "Time this month"] : [])]}>
          {shown.map((agent) => (
            <Row
              key={agent.id} workspace={workspace} agent={agent} someone={people.get(agent.id)} streams={running.filter((info) => info.sender.id === agent.id)}
              counted={counted} used={usage.data?.rows.find(({ group }) => group === agent.id)}
            />
          ))}
        </Table>
      )}
      {shown?.length === 0 && filter && <p class="muted">No agent has “{filter}” in its name or title.</p>}
      {asking && <NewAgent path={path} onClose={() => setAsking(false)} onMade={reload} />}
    </Page>
  );
}

interface RowProps {
  workspace: string;
  agent: wire.Agent;
  someone: Someone | undefined;
  /** What it writes now. */
  streams: readonly wire.StreamInfo[];
  /** Whether what it used is shown. */
  counted: boolean;
  used: wire.UsageRow | undefined;
}

function Row({ workspace, agent, someone, streams, counted, used }: RowProps) {
  return (
    <tr>
      <th scope="row">
        <span class="who">
          <Avatar sender={{ kind: "agent", id: agent.id, name: agent.name }} small />
          <span><a href={href("w", workspace, "agents", agent.name)}>{agent.name}</a>{agent.title && <span class="muted"> {agent.title}</span>}</span>
        </span>
      </th>
      <td class="long"><AgentState agent={agent} someone={someone} /></td>
      <td class="long">
        {streams.length === 0 && <span class="muted">nothing runs</span>}
        {streams.map((info) => <a key={info.stream} href={href("w", workspace, "rooms", info.room, "streams", info.stream)}>{info.name} </a>)}
      </td>
      {counted && <td class="number" data-label="Messages this month">{format.count(used?.messages ?? 0)}</td>}
      {counted && <td class="number" data-label="Time this month">{format.duration((used?.agent_seconds ?? 0) * 1_000)}</td>}
    </tr>
  );
}

export function AgentState({ agent, someone }: { agent: wire.Agent; someone: Someone | undefined }) {
  if (agent.disabled) return <span class="status bad"><Mark shape="slash" />disabled</span>;
  if (!someone) return <span class="status muted"><Mark shape="ring" />in no room</span>;
  return <Presence state={someone.state} text={someone.text} />;
}

function NewAgent({ path, onClose, onMade }: { path: string; onClose: () => void; onMade: () => Promise<void> }) {
  const [name, setName] = useState("");
  const send = async ({ title = "" }: Record<string, string>) => {
    await api.json(path, { method: "POST", body: { name, ...(title && { title }) } satisfies wire.NewAgent });
    await onMade();
  };
  return (
    <FormDialog title="Create an agent" action="Create agent" send={send} onClose={onClose}>
      <Field label="Name" name="name" required autoFocus autoComplete="off" placeholder="deploy-bot" value={name} onInput={(event) => setName(slugify(event.currentTarget.value))} hint="By which it is mentioned. It stays." />
      <Field label="What it is for (optional)" name="title" autoComplete="off" maxLength={256} placeholder="Ships to staging" />
    </FormDialog>
  );
}

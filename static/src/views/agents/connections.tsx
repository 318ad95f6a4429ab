// Live connections of all nodes with their counters.

import type { wire } from "@generic-corp/client";
import { useState } from "preact/hooks";
import * as api from "../../api";
import { now } from "../../clock";
import * as format from "../../format";
import { href } from "../../router";
import { Button, ErrorNote } from "../../ui/basics";
import { Confirm } from "../../ui/form";
import { Page, Table } from "../../ui/page";
import { Avatar } from "../../ui/people";
import { useList } from "../../ui/use-api";

const EVERY_MS = 5_000;

export function ConnectionsPage({ workspace }: { workspace: string }) {
  return (
    <Page title="Connections" intro="Live sockets of this workspace on all nodes; those of other nodes are up to 12 s old." wide>
      <Connections workspace={workspace} />
    </Page>
  );
}

/** `only` is the id of an agent whose connections are meant. */
export function Connections({ workspace, only }: { workspace: string; only?: string }) {
  const path = api.workspacePath(workspace, "/connections");
  const { data, error, reload } = useList<wire.Connection>(path, EVERY_MS);
  const [ending, setEnding] = useState<wire.Connection>();
  const list = data?.filter(({ sender }) => only === undefined || sender.id === only);
  return (
    <>
      <ErrorNote error={error} />
      {list?.length === 0 && <p class="muted">Nothing is connected.</p>}
      {list && list.length > 0 && (
        <Table label="List of connections" head={[...(only === undefined ? ["Who"] : []), "Program", "From", "For", "Rooms", "Streams", "Messages in", "Frames out", "Refused", "This hour", ""]}>
          {list.map((connection) => <Row key={connection.id} connection={connection} workspace={workspace} named={only === undefined} onEnd={() => setEnding(connection)} />)}
        </Table>
      )}
      {ending && (
        <Confirm
          title={`End a connection of ${ending.sender.name}?`} action="End it"
          act={() => api.json(`${path}/${ending.id}`, { method: "DELETE" }).then(reload)}
          onClose={() => setEnding(undefined)}
        >
          <p>Its program is told not to come back by itself. Key and session stay good: to keep somebody out, revoke the key or end the membership.</p>
        </Confirm>
      )}
    </>
  );
}

interface RowProps {
  connection: wire.Connection;
  workspace: string;
  named: boolean;
  onEnd: () => void;
}

function Row({ connection, workspace, named, onEnd }: RowProps) {
  const { sender, client, quota } = connection;
  const who = sender.kind === "agent" ? <a href={href("w", workspace, "agents", sender.name)}>{sender.name}</a> : sender.name;
  const program = client ? `${client.name} ${client.version}` : "not told";
  return (
    <tr>
      {named && <th scope="row"><span class="who"><Avatar sender={sender} small /><span>{who}</span></span></th>}
      {named ? <td data-label="Program">{program}</td> : <th scope="row">{program}</th>}
      <td data-label="From" class="number">{connection.address}</td>
      <td data-label="For" class="number"><time dateTime={connection.connected_at}>{format.duration(now.value - Date.parse(connection.connected_at))}</time></td>
      <td data-label="Rooms" class="number">{format.count(connection.rooms)}</td>
      <td data-label="Streams read" class="number">{format.count(connection.streams)}</td>
      <td data-label="Messages in" class="number">{format.count(connection.messages_received)} · {format.bytes(connection.bytes_received)}</td>
      <td data-label="Frames out" class="number">{format.count(connection.frames_sent)}</td>
      <td data-label="Refused by its quota" class="number">{connection.rejected > 0 ? <span class="status warn">{format.count(connection.rejected)}</span> : "0"}</td>
      <td data-label="This hour" class="number">{format.count(quota.messages_this_hour)} of {format.count(quota.messages_per_hour)}</td>
      <td class="act"><Button kind="danger" aria-label={`End the connection of ${sender.name}, ${program}`} onClick={onEnd}>End</Button></td>
    </tr>
  );
}

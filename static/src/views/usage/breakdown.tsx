// Who used it: by workspace, by agent, by key.

import type { wire } from "@generic-corp/client";
import { useState } from "preact/hooks";
import * as api from "../../api";
import * as format from "../../format";
import { ErrorNote, Segmented } from "../../ui/basics";
import { Section, Table } from "../../ui/page";
import { useApi } from "../../ui/use-api";
import { CsvButton, type Span, daysOf } from "./history";

const NOBODY = "00000000-0000-0000-0000-000000000000";
const BY = [{ value: "workspace", label: "Workspace" }, { value: "agent", label: "Agent" }, { value: "key", label: "Key" }] as const;
type By = (typeof BY)[number]["value"];
const HEADS: Record<By, string> = { workspace: "Workspace", agent: "Agent or person", key: "Key" };

/** Rows that take up space by their log alone are of nobody in particular. */
function nameOf(row: wire.UsageRow, by: By): string {
  if (row.group === NOBODY) return by === "key" ? "Without a key: people, and the hub" : "Nobody in particular";
  return row.name ?? "Gone since";
}

export function Breakdown({ organization, span }: { organization: string; span: Span }) {
  const [by, setBy] = useState<By>("agent");
  const { from, to } = daysOf(span);
  const { data, error } = useApi<wire.UsageReport>(api.organizationPath(organization, `/usage?from=${from}&to=${to}&by=${by}`));
  const rows = [...(data?.rows ?? [])].sort((a, b) => b.messages - a.messages || b.stream_bytes - a.stream_bytes);
  return (
    <Section title="Who used it" actions={<CsvButton organization={organization} from={from} to={to} by={by} />}>
      <Segmented label="By" options={BY} value={by} onChange={setBy} />
      <ErrorNote error={error} />
      {data && rows.length === 0 && <p class="muted">Nothing was used in these days.</p>}
      {rows.length > 0 && (
        <Table label={`Usage by ${by}`} head={[HEADS[by], "Messages", "Agent-minutes", "API calls", "Streams", "Output", "Stored"]}>
          {rows.map((row) => (
            <tr key={row.group}>
              <th scope="row">{by === "key" && row.name ? <code>{row.name}…</code> : nameOf(row, by)}</th>
              <td class="number" data-label="Messages">{format.count(row.messages)}</td>
              <td class="number" data-label="Agent-minutes">{format.count(Math.round(row.agent_seconds / 60))}</td>
              <td class="number" data-label="API calls">{format.count(row.api_calls)}</td>
              <td class="number" data-label="Streams">{format.count(row.streams)}</td>
              <td class="number" data-label="Output">{format.bytes(row.stream_bytes)}</td>
              <td class="number" data-label="Stored">{row.stored_bytes < 0 ? `−${format.bytes(-row.stored_bytes)}` : format.bytes(row.stored_bytes)}</td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  );
}

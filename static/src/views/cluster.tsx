// The hub's nodes, for whoever runs it.

import type { wire } from "@generic-corp/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { now } from "../clock";
import * as format from "../format";
import { ErrorNote, Mark } from "../ui/basics";
import { Page, Table } from "../ui/page";
import { useApi } from "../ui/use-api";

const EVERY_MS = 3_000;

/** What a node does in a second. */
interface Rate {
  frames: number;
  requests: number;
}

export function ClusterPage() {
  const { data, error } = useApi<wire.ClusterReport>("/cluster", EVERY_MS);
  const rates = useRates(data?.nodes);
  const sum = (of: (node: wire.Node) => number) => format.count((data?.nodes ?? []).reduce((all, node) => all + of(node), 0));
  return (
    <Page title="The hub's nodes" tab="Nodes" intro={data && `${format.plural(data.nodes.length, "node")} on ${data.store === "sqlite" ? "SQLite" : "PostgreSQL"}, ${data.shared ? "joined by Redis" : "without Redis"}`} wide>
      <ErrorNote error={error} />
      {data && !data.shared && data.store === "postgresql" && <p class="note warn"><span>Without Redis nodes do not know of each other: this is the one that answered. Set redis.url to see all.</span></p>}
      {data && (
        <>
          <dl class="facts">
            <div><dt>Connections</dt><dd>{sum((node) => node.connections)}</dd></div>
            <div><dt>Frames a second</dt><dd>{rates.size > 0 ? format.count([...rates.values()].reduce((all, rate) => all + rate.frames, 0)) : "–"}</dd></div>
            <div><dt>HTTP requests a second</dt><dd>{rates.size > 0 ? format.count([...rates.values()].reduce((all, rate) => all + rate.requests, 0)) : "–"}</dd></div>
          </dl>
          <Table label="List of nodes" head={["Node", "State", "Version", "Up", "Connections", "Rooms watched", "Frames a second", "Requests a second", "Memory"]}>
            {data.nodes.map((node, i) => <Row key={node.node} node={node} asked={i === 0} rate={rates.get(node.node)} />)}
          </Table>
          <p class="muted">The first node is the one that answered. Single connections stand in each workspace under Connections, where they can be ended.</p>
        </>
      )}
    </Page>
  );
}

function Row({ node, asked, rate }: { node: wire.Node; asked: boolean; rate: Rate | undefined }) {
  return (
    <tr>
      <th scope="row">{node.node}{asked && <span class="tag">asked</span>}</th>
      <td data-label="State"><span class="status run"><Mark shape="dot" />lives</span></td>
      <td data-label="Version">{node.version}</td>
      <td data-label="Up" class="number"><time dateTime={node.started_at} title={format.dateTime(node.started_at)}>{format.duration(now.value - Date.parse(node.started_at))}</time></td>
      <td data-label="Connections" class="number">{format.count(node.connections)}</td>
      <td data-label="Rooms watched" class="number">{format.count(node.rooms)}</td>
      <td data-label="Frames a second" class="number">{rate ? format.count(rate.frames) : "–"}</td>
      <td data-label="Requests a second" class="number">{rate ? format.count(rate.requests) : "–"}</td>
      <td data-label="Memory" class="number">{node.memory_bytes === undefined ? "not told" : format.bytes(node.memory_bytes)}</td>
    </tr>
  );
}

/** From one report to the next of the same start of a node. */
function useRates(nodes: readonly wire.Node[] | undefined): ReadonlyMap<string, Rate> {
  const last = useRef(new Map<string, wire.Node>());
  const [rates, setRates] = useState<ReadonlyMap<string, Rate>>(new Map());
  useEffect(() => {
    if (!nodes) return;
    setRates((known) => {
      const next = new Map(nodes.flatMap((node) => {
        const rate = rateOf(last.current.get(node.node), node) ?? known.get(node.node);
        return rate ? [[node.node, rate] as const] : [];
      }));
      last.current = new Map(nodes.map((node) => [node.node, node]));
      return next;
    });
  }, [nodes]);
  return rates;
}

/** `undefined` where nothing can be said: a first report, the same one again, or a node that started anew. */
export function rateOf(before: wire.Node | undefined, after: wire.Node): Rate | undefined {
  if (!before || before.started_at !== after.started_at) return undefined;
  const seconds = (Date.parse(after.time) - Date.parse(before.time)) / 1_000;
  if (seconds <= 0) return undefined;
  const rate = (from: number, to: number) => Math.round((to - from) / seconds);
  return { frames: rate(before.frames_sent, after.frames_sent), requests: rate(before.http_requests, after.http_requests) };
}

// What was sent to a receiver in the last 30 days, and what came of it.

import type { wire } from "@generic-corp/client";
import * as format from "../../format";
import { Dialog, ErrorNote } from "../../ui/basics";
import { useApi } from "../../ui/use-api";

const EVERY_MS = 2_000;
const MOST = 20;
const TONES: Record<string, string> = { delivered: "ok", waiting: "warn", failed: "bad" };

export function Deliveries({ path, webhook, tested, onClose }: { path: string; webhook: wire.Webhook; tested: boolean; onClose: () => void }) {
  const { data, error } = useApi<wire.Delivery[]>(`${path}?limit=${MOST}`, EVERY_MS);
  return (
    <Dialog title="Sent in the last 30 days" onClose={onClose}>
      <p class="muted long">{webhook.url}</p>
      {tested && <p class="note" role="status"><span>A test is on its way. What comes of it stands here.</span></p>}
      <ErrorNote error={error} />
      {data?.length === 0 && <p class="muted">Nothing was sent yet.</p>}
      <ul class="deliveries">
        {data?.map((delivery) => (
          <li key={delivery.id}>
            <p><strong>{delivery.event}</strong> <span class={`status ${TONES[delivery.state] ?? "muted"}`}>{delivery.state}</span></p>
            <p class="muted">
              {[
                format.dateTime(delivery.created_at),
                delivery.attempts > 0 && format.plural(delivery.attempts, "attempt"),
                delivery.status !== undefined && `answered ${delivery.status}`,
                delivery.error,
                delivery.next_at && delivery.state === "waiting" && `again ${format.time(delivery.next_at)}`,
              ].filter(Boolean).join(" · ")}
            </p>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

// Where one is signed in, and ending that.

import type { wire } from "@generic-corp/client";
import { useState } from "preact/hooks";
import * as api from "../../api";
import { now } from "../../clock";
import * as format from "../../format";
import { Button, ErrorNote } from "../../ui/basics";
import { Confirm } from "../../ui/form";
import { Section, Table } from "../../ui/page";
import { useAction, useApi } from "../../ui/use-api";

const PROGRAMS: [RegExp, string][] = [[/Edg\//, "Edge"], [/Firefox\//, "Firefox"], [/Chrome\//, "Chrome"], [/Safari\//, "Safari"]];
const SYSTEMS: [RegExp, string][] = [[/Android/, "Android"], [/iPhone|iPad/, "iOS"], [/Windows/, "Windows"], [/Mac OS/, "macOS"], [/Linux/, "Linux"]];

/** `Firefox on Linux`; what a program said of itself, when it is no browser. */
function programOf(agent: string | undefined): string {
  if (!agent) return "Unknown program";
  const program = PROGRAMS.find(([pattern]) => pattern.test(agent))?.[1];
  const system = SYSTEMS.find(([pattern]) => pattern.test(agent))?.[1];
  return program ? [program, system].filter(Boolean).join(" on ") : agent;
}

export function Sessions() {
  const { data: sessions, error, reload } = useApi<wire.OwnSession[]>("/me/sessions");
  const { busy, error: refused, run } = useAction();
  const [asking, setAsking] = useState(false);
  const end = (session: wire.OwnSession) => run(async () => {
    await api.json(`/me/sessions/${session.id}`, { method: "DELETE" });
    await reload();
  });
  const endOthers = async () => {
    await api.json("/me/sessions", { method: "DELETE" });
    await reload();
  };
  const others = sessions?.filter(({ current }) => !current).length ?? 0;
  return (
    <Section title="Sessions" intro="Where you are signed in." actions={others > 0 && <Button onClick={() => setAsking(true)}>End all others</Button>}>
      <ErrorNote error={error ?? refused} />
      {sessions && (
        <Table label="List of sessions" head={["Program", "Address", "Last used", "Since", ""]}>
          {sessions.map((session) => (
            <tr key={session.id}>
              <th scope="row" title={session.user_agent}>{programOf(session.user_agent)}{session.current && <span class="tag">this one</span>}</th>
              <td class="number" data-label="Address">{session.address ?? "unknown"}</td>
              <td data-label="Last used"><time dateTime={session.last_used_at}>{format.ago(session.last_used_at, now.value)}</time></td>
              <td data-label="Since"><time dateTime={session.created_at}>{format.moment(session.created_at)}</time></td>
              <td class="act">{!session.current && <Button kind="quiet" busy={busy} onClick={() => void end(session)} aria-label={`End the session of ${programOf(session.user_agent)} since ${format.moment(session.created_at)}`}>End</Button>}</td>
            </tr>
          ))}
        </Table>
      )}
      {asking && (
        <Confirm title="End all other sessions?" action="End them" act={endOthers} onClose={() => setAsking(false)}>
          <p>{format.plural(others, "session")} and their connections end. This one stays.</p>
        </Confirm>
      )}
    </Section>
  );
}

// API keys: what agents connect with. The secret is shown once.

import type { wire } from "@generic-corp/client";
import { useState } from "preact/hooks";
import * as api from "../../api";
import { now } from "../../clock";
import * as format from "../../format";
import { Button, ErrorNote, Icon } from "../../ui/basics";
import { Confirm, FormDialog, Select } from "../../ui/form";
import { Page, Section, Table } from "../../ui/page";
import { useList } from "../../ui/use-api";
import { NewKey } from "./new-key";
import { Secret } from "./secret";

const EVERY_MS = 30_000;
/** A key that ends within these days is marked. */
const SOON_MS = 7 * 86_400_000;
const OVERLAPS = [["0", "It ends at once"], ["3600", "For an hour"], ["86400", "For a day"], ["604800", "For a week"], ["2592000", "For 30 days"]] as const;

type Asking = { what: "new" } | { what: "rotate" | "revoke"; key: wire.ApiKey };

function useKeys(workspace: string, agent?: string) {
  const path = api.workspacePath(workspace, "/keys");
  const { data, error, reload } = useList<wire.ApiKey>(path, EVERY_MS);
  const [asking, setAsking] = useState<Asking>();
  const [made, setMade] = useState<wire.NewApiKeySecret>();
  const keys = data?.filter((key) => agent === undefined || key.agent === agent);
  return { path, keys, error, reload, asking, setAsking, made, setMade };
}

export function KeysPage({ workspace }: { workspace: string }) {
  const state = useKeys(workspace);
  const { keys, error, made, setAsking } = state;
  const create = () => setAsking({ what: "new" });
  return (
    <Page title="API keys" intro="An agent connects with a key of its own." actions={<Button kind="primary" icon="plus" onClick={create}>Create key</Button>} wide>
      <ErrorNote error={error} />
      {keys?.length === 0 && !made && (
        <section class="empty">
          <Icon name="key" />
          <h2>No keys yet</h2>
          <p>Make one, paste the command that comes with it, and your first agent is connected.</p>
          <Button kind="primary" icon="plus" onClick={create}>Create the first key</Button>
        </section>
      )}
      <Inside workspace={workspace} state={state} />
    </Page>
  );
}

/** The keys of one agent, as a part of its page. */
export function Keys({ workspace, agent }: { workspace: string; agent: string }) {
  const state = useKeys(workspace, agent);
  const { keys, error, made, setAsking } = state;
  return (
    <Section title="Keys" actions={<Button icon="plus" onClick={() => setAsking({ what: "new" })}>Create key</Button>}>
      <ErrorNote error={error} />
      {keys?.length === 0 && !made && <p class="muted">It has no key, so it cannot connect.</p>}
      <Inside workspace={workspace} state={state} agent={agent} />
    </Section>
  );
}

/** The list, what was made, and what is asked. */
function Inside({ workspace, state, agent }: { workspace: string; state: ReturnType<typeof useKeys>; agent?: string }) {
  const { path, keys, reload, asking, setAsking, made, setMade } = state;
  const close = () => setAsking(undefined);
  const done = async (key: wire.NewApiKeySecret) => {
    setMade(key);
    await reload();
  };
  return (
    <>
      {made && <Secret made={made} workspace={workspace} onDone={() => setMade(undefined)} />}
      {keys && keys.length > 0 && <List keys={keys} ask={setAsking} />}
      {asking?.what === "new" && <NewKey path={path} agent={agent} onClose={close} onMade={done} />}
      {asking?.what === "revoke" && (
        <Confirm
          title="Revoke this key?" action="Revoke" onClose={close}
          act={async () => {
            await api.json(`${path}/${asking.key.id}`, { method: "DELETE" });
            if (made?.key.id === asking.key.id) setMade(undefined);
            await reload();
          }}
        >
          <p>What connects as <strong>{asking.key.agent}</strong> with <code>{asking.key.prefix}…</code> is disconnected. This cannot be undone.</p>
        </Confirm>
      )}
      {asking?.what === "rotate" && (
        <FormDialog
          title={`Rotate the key of ${asking.key.agent}`} action="Make a new key" onClose={close}
          send={async ({ overlap = "" }) => done(await api.json(`${path}/${asking.key.id}/rotate`, { method: "POST", body: { overlap_seconds: Number(overlap) } satisfies wire.RotateApiKey }))}
        >
          <p>A new key with the same rights takes the place of <code>{asking.key.prefix}…</code>, and is yours.</p>
          <Select label="The old key goes on" name="overlap" options={OVERLAPS} defaultValue="86400" />
        </FormDialog>
      )}
    </>
  );
}

function List({ keys, ask }: { keys: readonly wire.ApiKey[]; ask: (asking: Asking) => void }) {
  return (
    <Table label="List of keys" head={["Agent", "Key", "May", "Rooms", "Last used", "Ends", ""]}>
      {keys.map((key) => {
        const name = `the key of ${key.agent}, ${key.prefix}`;
        return (
          <tr key={key.id}>
            <th scope="row">
              {key.agent}{key.name && <span class="muted"> {key.name}</span>}
              {key.suspended && <span class="status bad"><br />refused: its agent is disabled, or its maker is out</span>}
            </th>
            <td class="key"><code>{key.prefix}…</code></td>
            <td data-label="May">{key.scopes.join(", ")}</td>
            <td data-label="Rooms" class="long">{key.rooms.length > 0 ? key.rooms.join(", ") : "every room"}</td>
            <td data-label="Last used">{key.last_used_at ? <time dateTime={key.last_used_at}>{format.ago(key.last_used_at, now.value)}</time> : "never"}</td>
            <td data-label="Ends"><Ends at={key.expires_at} /></td>
            <td class="act">
              <Button kind="quiet" onClick={() => ask({ what: "rotate", key })} aria-label={`Rotate ${name}`}>Rotate</Button>
              <Button kind="quiet" onClick={() => ask({ what: "revoke", key })} aria-label={`Revoke ${name}`}>Revoke</Button>
            </td>
          </tr>
        );
      })}
    </Table>
  );
}

function Ends({ at }: { at: string | undefined }) {
  if (!at) return <>never</>;
  const soon = Date.parse(at) - now.value < SOON_MS;
  return <time dateTime={at} class={soon ? "status warn" : ""}>{format.moment(at)}</time>;
}

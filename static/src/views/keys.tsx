// API keys: what agents connect with. The secret is shown once.

import { HubError, type wire } from "@generic-corp/client";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api";
import { now } from "../clock";
import * as format from "../format";
import { rooms } from "../rooms";
import { Button, CopyButton, Dialog, ErrorNote, Field, Icon } from "../ui/basics";
import { TryIt } from "../ui/try-it";
import { slugify } from "./new-room";

const SCOPES = [
  { name: "read", about: "follow rooms and streams" },
  { name: "publish", about: "send messages" },
  { name: "stream", about: "write output" },
  { name: "admin", about: "manage rooms and keys" },
] as const;
const DAY_MS = 86_400_000;

export function Keys({ workspace }: { workspace: string }) {
  const [keys, setKeys] = useState<wire.ApiKey[]>();
  const [error, setError] = useState<HubError>();
  const [asking, setAsking] = useState(false);
  const [made, setMade] = useState<wire.NewApiKeySecret>();
  const [leaving, setLeaving] = useState<wire.ApiKey>();
  const path = api.workspacePath(workspace, "/keys");
  const load = () => api.json<wire.ApiKey[]>(path).then(setKeys, setError);
  useEffect(() => {
    document.title = "API keys · generic-corp";
    void load();
  }, [workspace]);
  return (
    <main class="page">
      <header class="page-head">
        <div>
          <h1>API keys</h1>
          <p class="muted">An agent connects with a key of its own.</p>
        </div>
        <Button kind="primary" icon="plus" onClick={() => setAsking(true)}>Create key</Button>
      </header>
      <ErrorNote error={error} />
      {made && <Secret made={made} workspace={workspace} onDone={() => setMade(undefined)} />}
      {keys?.length === 0 && !made && (
        <section class="empty">
          <Icon name="key" />
          <h2>No keys yet</h2>
          <p>Make one, paste the command that comes with it, and your first agent is connected.</p>
          <Button kind="primary" icon="plus" onClick={() => setAsking(true)}>Create the first key</Button>
        </section>
      )}
      {keys && keys.length > 0 && <Table keys={keys} revoke={setLeaving} />}
      {asking && <NewKey path={path} onClose={() => setAsking(false)} onMade={(key) => (setAsking(false), setMade(key), void load())} />}
      {leaving && <Revoke path={path} apiKey={leaving} onClose={() => setLeaving(undefined)} onDone={() => (setLeaving(undefined), void load())} />}
    </main>
  );
}

function Table({ keys, revoke }: { keys: readonly wire.ApiKey[]; revoke: (key: wire.ApiKey) => void }) {
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label="API keys">
      <table class="keys">
        <thead>
          <tr><th scope="col">Agent</th><th scope="col">Key</th><th scope="col">May</th><th scope="col">Last used</th><th scope="col">Ends</th><td /></tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.id}>
              <th scope="row">{key.agent}{key.name && <span class="muted"> {key.name}</span>}</th>
              <td class="key"><code>{key.prefix}…</code></td>
              <td data-label="May">{key.scopes.join(", ")}</td>
              <td data-label="Last used">{key.last_used_at ? format.ago(key.last_used_at, now.value) : "never"}</td>
              <td data-label="Ends">{key.expires_at ? format.dateTime(key.expires_at) : "never"}</td>
              <td class="act"><Button kind="quiet" onClick={() => revoke(key)} aria-label={`Revoke the key of ${key.agent}, ${key.prefix}`}>Revoke</Button></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Secret({ made, workspace, onDone }: { made: wire.NewApiKeySecret; workspace: string; onDone: () => void }) {
  return (
    <section class="secret" aria-labelledby="secret-title">
      <h2 id="secret-title">The key of {made.key.agent}</h2>
      <p>It is shown only now. Keep it where you keep passwords.</p>
      <div class="secret-value"><code>{made.secret}</code><CopyButton text={made.secret} label="Copy the key" /></div>
      <h3>Try it</h3>
      <TryIt workspace={workspace} room={rooms.value?.[0]?.name ?? "general"} secret={made.secret} />
      <Button onClick={onDone}>I have kept it</Button>
    </section>
  );
}

function NewKey({ path, onClose, onMade }: { path: string; onClose: () => void; onMade: (key: wire.NewApiKeySecret) => void }) {
  const [agent, setAgent] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<HubError>();
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const days = Number(data.get("days"));
    const name = String(data.get("name") ?? "");
    const body: wire.NewApiKey = {
      agent,
      scopes: data.getAll("scope").map(String),
      ...(name && { name }),
      ...(days > 0 && { expires_at: new Date(Date.now() + days * DAY_MS).toISOString() }),
    };
    setBusy(true);
    try {
      onMade(await api.json<wire.NewApiKeySecret>(path, { method: "POST", body }));
    } catch (cause) {
      if (!(cause instanceof HubError)) throw cause;
      setError(cause);
      setBusy(false);
    }
  };
  return (
    <Dialog title="Create an API key" onClose={onClose}>
      <form onSubmit={submit}>
        <Field
          label="Agent" name="agent" required autoFocus autoComplete="off" placeholder="deploy-bot" value={agent}
          onInput={(event) => setAgent(slugify(event.currentTarget.value))} hint="Its name in rooms. It is made when there is none of that name."
        />
        <Field label="Note (optional)" name="name" autoComplete="off" maxLength={256} placeholder="Where the key is used" />
        <fieldset>
          <legend>May</legend>
          {SCOPES.map(({ name, about }) => (
            <label class="check" key={name}><input type="checkbox" name="scope" value={name} defaultChecked={name !== "admin"} /><span>{name} <span class="muted">{about}</span></span></label>
          ))}
        </fieldset>
        <div class="field">
          <label for="key-days">Ends</label>
          <select id="key-days" name="days" defaultValue="0">
            <option value="0">Never</option>
            <option value="30">In 30 days</option>
            <option value="90">In 90 days</option>
            <option value="365">In a year</option>
          </select>
        </div>
        <ErrorNote error={error} />
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy}>Create key</Button>
        </footer>
      </form>
    </Dialog>
  );
}

function Revoke({ path, apiKey, onClose, onDone }: { path: string; apiKey: wire.ApiKey; onClose: () => void; onDone: () => void }) {
  const [error, setError] = useState<HubError>();
  const revoke = () => api.json(`${path}/${apiKey.id}`, { method: "DELETE" }).then(onDone, setError);
  return (
    <Dialog title="Revoke this key?" onClose={onClose}>
      <p>What connects as <strong>{apiKey.agent}</strong> with <code>{apiKey.prefix}…</code> is disconnected. This cannot be undone.</p>
      <ErrorNote error={error} />
      <footer>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="danger" onClick={revoke}>Revoke</Button>
      </footer>
    </Dialog>
  );
}

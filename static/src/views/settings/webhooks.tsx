// Where the organization is told of its limits: webhooks and Slack.

import type { wire } from "@generic-corp/client";
import { useState } from "preact/hooks";
import * as api from "../../api";
import * as format from "../../format";
import { Button, ErrorNote, Field } from "../../ui/basics";
import { Confirm, FormDialog, Select, type Values } from "../../ui/form";
import { Once } from "../../ui/once";
import { Section, Table } from "../../ui/page";
import { useAction, useList } from "../../ui/use-api";
import { Deliveries } from "./deliveries";

const KINDS = [["webhook", "Webhook, signed"], ["slack", "Slack"]] as const;

type About = "delete" | "rotate" | "deliveries" | "tested";
type Asking = { what: "new" } | { what: About; webhook: wire.Webhook };

export function Webhooks({ organization }: { organization: wire.Organization }) {
  const path = api.organizationPath(organization.slug, "/webhooks");
  const { data: webhooks, error, reload } = useList<wire.Webhook>(path);
  const [asking, setAsking] = useState<Asking>();
  const [secret, setSecret] = useState<string>();
  const act = useAction();
  const call = async (webhook: wire.Webhook, method: string, rest = "", body?: unknown) => {
    await api.json(`${path}/${webhook.id}${rest}`, { method, ...(body !== undefined && { body }) });
    await reload();
  };
  const create = async ({ kind = "", url = "" }: Values) => {
    const made = await api.json<wire.NewWebhookSecret>(path, { method: "POST", body: { kind, url } satisfies wire.NewWebhook });
    setSecret(made.secret);
    await reload();
  };
  const rotate = async (webhook: wire.Webhook) => {
    setSecret((await api.json<wire.NewWebhookSecret>(`${path}/${webhook.id}/rotate`, { method: "POST" })).secret);
    await reload();
  };
  const test = (webhook: wire.Webhook) => act.run(async () => {
    await call(webhook, "POST", "/test");
    setAsking({ what: "tested", webhook });
  });
  return (
    <Section
      title="Receivers of alerts" intro="Told when 80, 100 and 200 % of a limit are used. Owners and admins get mail as well, where the hub sends mail."
      actions={<Button icon="plus" onClick={() => setAsking({ what: "new" })}>Add a receiver</Button>}
    >
      <ErrorNote error={error ?? act.error} />
      {secret && <Once title="The secret of the webhook" value={secret} what="the secret" intro="Messages are signed with it, as Standard Webhooks say. It is shown only now." onDone={() => setSecret(undefined)} />}
      {webhooks?.length === 0 && <p class="muted">Nobody is told outside of the dashboard yet.</p>}
      {webhooks && webhooks.length > 0 && (
        <Table label="List of receivers" head={["Address", "Kind", "State", ""]}>
          {webhooks.map((webhook) => (
            <Row
              key={webhook.id} webhook={webhook} busy={act.busy} ask={(what) => setAsking({ what, webhook })} test={() => void test(webhook)}
              toggle={(disabled) => void act.run(() => call(webhook, "PATCH", "", { disabled } satisfies wire.ChangeWebhook))}
            />
          ))}
        </Table>
      )}
      {asking && <Question asking={asking} path={path} create={create} remove={(webhook) => call(webhook, "DELETE")} rotate={rotate} onClose={() => setAsking(undefined)} />}
    </Section>
  );
}

interface RowProps {
  webhook: wire.Webhook;
  busy: boolean;
  ask: (what: About) => void;
  test: () => void;
  toggle: (disabled: boolean) => void;
}

function Row({ webhook, busy, ask, test, toggle }: RowProps) {
  const name = webhook.url || "one that does not open";
  const off = webhook.disabled_at;
  return (
    <tr>
      <th scope="row" class="long">{webhook.url || <span class="status bad">does not open: the hub's secret was changed. Delete it.</span>}</th>
      <td data-label="Kind">{webhook.kind === "slack" ? "Slack" : "Webhook"}</td>
      <td data-label="State">{off ? <span class="status warn">disabled <time dateTime={off}>{format.moment(off)}</time></span> : "enabled"}</td>
      <td class="act">
        {!off && <Button kind="quiet" busy={busy} onClick={test} aria-label={`Test ${name}`}>Test</Button>}
        <Button kind="quiet" onClick={() => ask("deliveries")} aria-label={`Sent to ${name}`}>Sent</Button>
        <Button kind="quiet" busy={busy} onClick={() => toggle(!off)} aria-label={`${off ? "Enable" : "Disable"} ${name}`}>{off ? "Enable" : "Disable"}</Button>
        {webhook.kind !== "slack" && <Button kind="quiet" onClick={() => ask("rotate")} aria-label={`New secret for ${name}`}>New secret</Button>}
        <Button kind="quiet" onClick={() => ask("delete")} aria-label={`Delete ${name}`}>Delete</Button>
      </td>
    </tr>
  );
}

interface QuestionProps {
  asking: Asking;
  path: string;
  create: (values: Values) => Promise<unknown>;
  remove: (webhook: wire.Webhook) => Promise<unknown>;
  rotate: (webhook: wire.Webhook) => Promise<unknown>;
  onClose: () => void;
}

function Question({ asking, path, create, remove, rotate, onClose }: QuestionProps) {
  switch (asking.what) {
    case "new":
      return (
        <FormDialog title="Add a receiver" action="Add" send={create} onClose={onClose}>
          <Select label="Kind" name="kind" options={KINDS} defaultValue="webhook" />
          <Field label="Address" name="url" type="url" required autoFocus autoComplete="off" placeholder="https://example.com/hook" hint="For Slack the address of an incoming webhook; it is kept as a secret." />
        </FormDialog>
      );
    case "delete":
      return (
        <Confirm title="Delete this receiver?" action="Delete" act={() => remove(asking.webhook)} onClose={onClose}>
          <p>Nothing is sent to <code>{asking.webhook.url}</code> any more, and what waits is given up.</p>
        </Confirm>
      );
    case "rotate":
      return (
        <Confirm title="Make another secret?" action="Make it" act={() => rotate(asking.webhook)} onClose={onClose}>
          <p>For a day messages carry both signatures. Then the old secret is over.</p>
        </Confirm>
      );
    default:
      return <Deliveries path={`${path}/${asking.webhook.id}/deliveries`} webhook={asking.webhook} tested={asking.what === "tested"} onClose={onClose} />;
  }
}

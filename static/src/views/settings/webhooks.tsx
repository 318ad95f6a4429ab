// Where the organization is told of its limits: webhooks and Slack.

import type { wire } from "@generic-corp/client";
import { useState } from "preact/hooks";
import * as api from "../../api";
import * as format from "../../format";
import { Button, ErrorNote, Field } from "../../ui/basics";
import { Confirm, FormDialog, Select } from "../../ui/form";
import { Once } from "../../ui/once";
import { Section, Table } from "../../ui/page";
import { useAction, useList } from "../../ui/use-api";
import { Deliveries } from "./deliveries";

const KINDS = [["webhook", "Webhook, signed"], ["slack", "Slack"]] as const;

type Asking = { what: "new" } | { what: "delete" | "rotate" | "deliveries"; webhook: wire.Webhook };

export function Webhooks({ organization }: { organization: wire.Organization }) {
  const path = api.organizationPath(organization.slug, "/webhooks");
  const { data: webhooks, error, reload } = useList<wire.Webhook>(path);
  const [asking, setAsking] = useState<Asking>();
  const [secret, setSecret] = useState<string>();
  const [tested, setTested] = useState<string>();
  const act = useAction();
  const close = () => setAsking(undefined);
  const call = async (webhook: wire.Webhook, method: string, rest = "", body?: unknown) => {
    await api.json(`${path}/${webhook.id}${rest}`, { method, ...(body !== undefined && { body }) });
    await reload();
  };
  const create = async ({ kind = "", url = "" }: Record<string, string>) => {
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
    setTested(webhook.id);
    setAsking({ what: "deliveries", webhook });
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
          {webhooks.map((webhook) => {
            const name = webhook.url || "one that does not open";
            const off = webhook.disabled_at !== undefined;
            return (
              <tr key={webhook.id}>
                <th scope="row" class="long">{webhook.url || <span class="status bad">does not open: the hub's secret was changed. Delete it.</span>}</th>
                <td data-label="Kind">{webhook.kind === "slack" ? "Slack" : "Webhook"}</td>
                <td data-label="State">{off ? <span class="status warn">disabled <time dateTime={webhook.disabled_at}>{format.moment(webhook.disabled_at ?? "")}</time></span> : "enabled"}</td>
                <td class="act">
                  {!off && <Button kind="quiet" busy={act.busy} onClick={() => void test(webhook)} aria-label={`Test ${name}`}>Test</Button>}
                  <Button kind="quiet" onClick={() => setAsking({ what: "deliveries", webhook })} aria-label={`Sent to ${name}`}>Sent</Button>
                  <Button kind="quiet" busy={act.busy} onClick={() => void act.run(() => call(webhook, "PATCH", "", { disabled: !off } satisfies wire.ChangeWebhook))} aria-label={`${off ? "Enable" : "Disable"} ${name}`}>{off ? "Enable" : "Disable"}</Button>
                  {webhook.kind !== "slack" && <Button kind="quiet" onClick={() => setAsking({ what: "rotate", webhook })} aria-label={`New secret for ${name}`}>New secret</Button>}
                  <Button kind="quiet" onClick={() => setAsking({ what: "delete", webhook })} aria-label={`Delete ${name}`}>Delete</Button>
                </td>
              </tr>
            );
          })}
        </Table>
      )}
      {asking?.what === "new" && (
        <FormDialog title="Add a receiver" action="Add" send={create} onClose={close}>
          <Select label="Kind" name="kind" options={KINDS} defaultValue="webhook" />
          <Field label="Address" name="url" type="url" required autoFocus autoComplete="off" placeholder="https://example.com/hook" hint="For Slack the address of an incoming webhook; it is kept as a secret." />
        </FormDialog>
      )}
      {asking?.what === "delete" && (
        <Confirm title="Delete this receiver?" action="Delete" act={() => call(asking.webhook, "DELETE")} onClose={close}>
          <p>Nothing is sent to <code>{asking.webhook.url}</code> any more, and what waits is given up.</p>
        </Confirm>
      )}
      {asking?.what === "rotate" && (
        <Confirm title="Make another secret?" action="Make it" act={() => rotate(asking.webhook)} onClose={close}>
          <p>For a day messages carry both signatures. Then the old secret is over.</p>
        </Confirm>
      )}
      {asking?.what === "deliveries" && <Deliveries path={`${path}/${asking.webhook.id}/deliveries`} webhook={asking.webhook} tested={tested === asking.webhook.id} onClose={() => (close(), setTested(undefined))} />}
    </Section>
  );
}

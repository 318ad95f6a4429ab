// Links into the organization: those that are open, a new one, and taking one back.

import type { wire } from "@generic-corp/client";
import { useState } from "preact/hooks";
import * as api from "../../api";
import { now } from "../../clock";
import * as format from "../../format";
import { Button, ErrorNote, Field } from "../../ui/basics";
import { Confirm, FormDialog, Select } from "../../ui/form";
import { Once } from "../../ui/once";
import { Section, Table } from "../../ui/page";
import { useList } from "../../ui/use-api";
import { RoleChoice } from "./role-choice";
import { rolesToGive } from "./roles";

const DAY_MS = 86_400_000;
const DAYS = [["1", "In a day"], ["7", "In 7 days"], ["30", "In 30 days"]] as const;

export function Invites({ organization }: { organization: wire.Organization }) {
  const path = api.organizationPath(organization.slug, "/invites");
  const { data: invites, error, reload } = useList<wire.Invite>(path);
  const [asking, setAsking] = useState(false);
  const [leaving, setLeaving] = useState<wire.Invite>();
  const [made, setMade] = useState<wire.NewInviteLink>();
  const create = async ({ email = "", role = "", days = "7" }: Record<string, string>) => {
    const body: wire.NewInvite = { role, expires_at: new Date(Date.now() + Number(days) * DAY_MS).toISOString(), ...(email && { email }) };
    setMade(await api.json<wire.NewInviteLink>(path, { method: "POST", body }));
    await reload();
  };
  const revoke = async (invite: wire.Invite) => {
    await api.json(`${path}/${invite.id}`, { method: "DELETE" });
    if (made?.invite.id === invite.id) setMade(undefined);
    await reload();
  };
  return (
    <Section title="Invites" intro="A link that works once." actions={<Button kind="primary" icon="plus" onClick={() => setAsking(true)}>Invite</Button>}>
      <ErrorNote error={error} />
      {made && (
        <Once
          title={`An invite${made.invite.email ? ` for ${made.invite.email}` : ""}`} value={new URL(made.link, location.origin).href} what="the link" onDone={() => setMade(undefined)}
          intro={<>The link is shown only now. {made.sent ? "It was also mailed." : "The hub did not mail it: send it yourself."} It makes a <strong>{made.invite.role}</strong>, once.</>}
        />
      )}
      {invites?.length === 0 && !made && <p class="muted">No invite is open.</p>}
      {invites && invites.length > 0 && (
        <Table label="Open invites" head={["For", "Role", "By", "Ends", ""]}>
          {invites.map((invite) => (
            <tr key={invite.id}>
              <th scope="row" class="long">{invite.email ?? "Whoever has the link"}</th>
              <td data-label="Role">{invite.role}</td>
              <td data-label="By">{invite.made_by}</td>
              <td data-label="Ends"><time dateTime={invite.expires_at}>{format.moment(invite.expires_at)}</time>{Date.parse(invite.expires_at) < now.value && " (over)"}</td>
              <td class="act"><Button kind="quiet" onClick={() => setLeaving(invite)} aria-label={`Take back the invite for ${invite.email ?? "whoever has the link"}`}>Take back</Button></td>
            </tr>
          ))}
        </Table>
      )}
      {asking && (
        <FormDialog title={`Invite into ${organization.name}`} action="Make the link" send={create} onClose={() => setAsking(false)}>
          <Field label="E-mail (optional)" name="email" type="email" autoComplete="off" autoFocus hint="With an address only that person may come." />
          <RoleChoice roles={rolesToGive(organization)} value="member" />
          <Select label="Ends" name="days" options={DAYS} defaultValue="7" />
        </FormDialog>
      )}
      {leaving && (
        <Confirm title="Take the invite back?" action="Take back" act={() => revoke(leaving)} onClose={() => setLeaving(undefined)}>
          <p>Its link opens nothing any more.</p>
        </Confirm>
      )}
    </Section>
  );
}

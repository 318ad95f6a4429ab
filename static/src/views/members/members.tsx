// Who is in an organization and as what: roles, invites, links to a new password, and its workspaces.

import type { wire } from "@generic-corp/client";
import { useState } from "preact/hooks";
import * as api from "../../api";
import * as format from "../../format";
import { manages, organizationOf } from "../../may";
import { navigate } from "../../router";
import { me, refresh } from "../../session";
import { Button, ErrorNote } from "../../ui/basics";
import { Confirm, FormDialog, type Values } from "../../ui/form";
import { Once } from "../../ui/once";
import { Page, Table } from "../../ui/page";
import { Avatar } from "../../ui/people";
import { useAction, useList } from "../../ui/use-api";
import { Invites } from "./invites";
import { RoleChoice } from "./role-choice";
import { isLastOwner, mayReset, mayTouch, rolesToGive } from "./roles";
import { Workspaces } from "./workspaces";

export function Members({ organization: name }: { organization: string }) {
  const organization = organizationOf(name);
  return organization ? <List key={organization.id} organization={organization} /> : null;
}

type Asking = { what: "role" | "remove"; member: wire.OrganizationMember };

function List({ organization }: { organization: wire.Organization }) {
  const path = api.organizationPath(organization.slug, "/members");
  const { data: members, error, reload } = useList<wire.OrganizationMember>(path);
  const [asking, setAsking] = useState<Asking>();
  const [link, setLink] = useState<{ to: string; link: string }>();
  const reset = useAction();
  const you = me.value?.you.id;
  const makeLink = (member: wire.OrganizationMember) => reset.run(async () => {
    const made = await api.json<wire.ResetLink>(`${path}/${member.user}/reset`, { method: "POST" });
    setLink({ to: member.name, link: new URL(made.link, location.origin).href });
  });
  const changed = async (member: wire.OrganizationMember, gone: boolean) => {
    if (member.user !== you) return reload();
    await refresh();
    if (gone) navigate("/");
    else await reload();
  };
  const owners = members?.filter(({ role }) => role === "owner").length;
  return (
    <Page
      title="Members"
      tab={`Members of ${organization.name}`}
      intro={members && <>{format.plural(members.length, "member")} of {organization.name}. Owners are made, changed and removed by owners alone{owners === 1 && ", and the last owner stays one: make another first"}.</>}
      wide
    >
      <ErrorNote error={error ?? reset.error} />
      {link && <Once title={`A new password for ${link.to}`} value={link.link} what="the link" intro="The link is shown only now, and works once. Give it to nobody else: it opens the account." onDone={() => setLink(undefined)} />}
      {members && (
        <Table label="Members" head={["Name", "E-mail", "Role", "Since", ""]}>
          {members.map((member) => (
            <Row
              key={member.user} organization={organization} member={member} self={member.user === you} last={isLastOwner(members, member)}
              busy={reset.busy} ask={(what) => setAsking({ what, member })} makeLink={() => void makeLink(member)}
            />
          ))}
        </Table>
      )}
      {manages(organization) && <Invites organization={organization} />}
      {manages(organization) && <Workspaces organization={organization} />}
      {asking?.what === "role" && <ChangeRole organization={organization} member={asking.member} self={asking.member.user === you} path={path} onClose={() => setAsking(undefined)} onDone={() => changed(asking.member, false)} />}
      {asking?.what === "remove" && <Remove organization={organization} member={asking.member} self={asking.member.user === you} path={path} onClose={() => setAsking(undefined)} onDone={() => changed(asking.member, true)} />}
    </Page>
  );
}

interface RowProps {
  organization: wire.Organization;
  member: wire.OrganizationMember;
  self: boolean;
  /** The last owner, for whom nothing is offered. */
  last: boolean;
  busy: boolean;
  ask: (what: Asking["what"]) => void;
  makeLink: () => void;
}

function Row({ organization, member, self, last, busy, ask, makeLink }: RowProps) {
  const touched = mayTouch(organization, member) && !last;
  return (
    <tr>
      <th scope="row" class="long">
        <span class="who"><Avatar sender={{ kind: "user", id: member.user, name: member.name }} small /><span>{member.name}{self && <span class="muted"> (you)</span>}</span></span>
      </th>
      <td class="long">{member.email}</td>
      <td data-label="Role">
        {member.role}
        {last && <span class="muted"> (the last one)</span>}
        {member.disabled && <span class="status bad"> locked out by the operator</span>}
      </td>
      <td data-label="Since"><time dateTime={member.joined_at}>{format.date(member.joined_at)}</time></td>
      <td class="act">
        {touched && <Button kind="quiet" onClick={() => ask("role")} aria-label={`Change the role of ${member.name}`}>Role</Button>}
        {mayReset(organization, member) && !self && <Button kind="quiet" busy={busy} onClick={makeLink} aria-label={`Password link for ${member.name}`}>Password link</Button>}
        {self && !last && <Button kind="quiet" onClick={() => ask("remove")} aria-label="Leave the organization">Leave</Button>}
        {!self && touched && <Button kind="quiet" onClick={() => ask("remove")} aria-label={`Remove ${member.name}`}>Remove</Button>}
      </td>
    </tr>
  );
}

interface AboutProps {
  organization: wire.Organization;
  member: wire.OrganizationMember;
  self: boolean;
  path: string;
  onClose: () => void;
  onDone: () => Promise<void>;
}

function Remove({ organization, member, self, path, onClose, onDone }: AboutProps) {
  const act = async () => {
    await api.json(`${path}/${member.user}`, { method: "DELETE" });
    await onDone();
  };
  return (
    <Confirm title={self ? `Leave ${organization.name}?` : `Remove ${member.name}?`} action={self ? "Leave" : "Remove"} act={act} onClose={onClose}>
      <p>{self ? "You" : <strong>{member.name}</strong>} can come back by an invite alone. Connections are closed within a second.</p>
      <p>Keys that {self ? "you" : "they"} made are refused from then on. Rotate those of agents that are to stay first: a rotated key is of who rotates it.</p>
    </Confirm>
  );
}

function ChangeRole({ organization, member, self, path, onClose, onDone }: AboutProps) {
  const send = async ({ role = "" }: Values) => {
    await api.json(`${path}/${member.user}`, { method: "PATCH", body: { role } satisfies wire.ChangeMember });
    await onDone();
  };
  return (
    <FormDialog title={`The role of ${member.name}`} action="Change the role" send={send} onClose={onClose}>
      <RoleChoice roles={rolesToGive(organization)} value={member.role} />
      <p class="hint">It counts at once, also for open connections and for keys that {self ? "you" : member.name} made.</p>
    </FormDialog>
  );
}

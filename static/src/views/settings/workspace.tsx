// A workspace's name, who may come in, and its end.

import type { wire } from "@generic-corp/client";
import { useState } from "preact/hooks";
import * as api from "../../api";
import * as format from "../../format";
import { manages, workspaceOf } from "../../may";
import { navigate } from "../../router";
import { me, refresh } from "../../session";
import { Button, ErrorNote, Icon, Segmented } from "../../ui/basics";
import { Confirm, FormDialog, Select } from "../../ui/form";
import { Page, Section, Table } from "../../ui/page";
import { useAction, useList } from "../../ui/use-api";
import { RoleChoice } from "../members/role-choice";
import { NameForm } from "./name-form";

type Known = NonNullable<ReturnType<typeof workspaceOf>>;

const ACCESS = [{ value: "everyone", label: "Everyone of the organization" }, { value: "listed", label: "Who is listed" }] as const;
const ROLES = [["admin", "everything in this workspace"], ["member", "reads, writes messages and output"], ["viewer", "reads"]] as const;

export function WorkspaceSettings({ workspace }: { workspace: string }) {
  const known = workspaceOf(workspace);
  return known ? <Settings key={known.workspace.id} known={known} /> : null;
}

function Settings({ known }: { known: Known }) {
  const { organization, workspace } = known;
  const path = api.workspacePath(workspace.id);
  const access = useAction();
  const [ending, setEnding] = useState(false);
  const change = async (body: wire.ChangeWorkspace) => {
    await api.json(path, { method: "PATCH", body });
    await refresh();
  };
  const remove = async () => {
    await api.json(api.organizationPath(organization.slug, `/workspaces/${workspace.id}?confirm=${encodeURIComponent(nameOf(known))}`), { method: "DELETE" });
    await refresh();
    navigate("/");
  };
  return (
    <Page title="Workspace" tab={`Settings of ${workspace.name}`} intro={<>{workspace.name} · made <time dateTime={workspace.created_at}>{format.date(workspace.created_at)}</time></>}>
      <Section title="Name">
        <NameForm value={workspace.name} hint="For people. Its name in addresses stays." save={(name) => change({ name })} />
      </Section>
      <Section title="Who may come in">
        <Segmented label="Who may come in" options={ACCESS} value={workspace.access} onChange={(value) => void access.run(() => change({ access: value }))} />
        <ErrorNote error={access.error} />
        <p class="note">
          <Icon name="info" />
          <span>
            {workspace.access === "listed"
              ? "Owners and admins of the organization come in, and those on the list, each with the role there. For all others the workspace does not exist."
              : "Everyone comes in with their role in the organization. A list that was made is kept, and counts for nothing."}
          </span>
        </p>
        {workspace.access === "listed" && <Listed path={path} organization={organization} />}
      </Section>
      {manages(organization) && (
        <Section title="Delete this workspace" intro="Its rooms, messages, output, agents and keys go with it. It cannot be brought back." tone="danger" actions={<Button kind="danger" icon="trash" onClick={() => setEnding(true)}>Delete workspace</Button>} />
      )}
      {ending && (
        <Confirm title={`Delete ${workspace.name}?`} action="Delete for good" typed={nameOf(known)} act={remove} onClose={() => setEnding(false)}>
          <p>Its connections are closed within a second, and everything in it goes. What it used stays in the usage.</p>
        </Confirm>
      )}
    </Page>
  );
}

/** The name in addresses, also where the id stands in for it. */
const nameOf = ({ organization, workspace }: Known): string =>
  me.value?.organizations.find(({ id }) => id === organization.id)?.workspaces.find(({ id }) => id === workspace.id)?.slug ?? workspace.slug;

function Listed({ path, organization }: { path: string; organization: wire.Organization }) {
  const { data: listed, error, reload } = useList<wire.WorkspaceMember>(`${path}/members`);
  const members = useList<wire.OrganizationMember>(api.organizationPath(organization.slug, "/members"));
  const [asking, setAsking] = useState<wire.WorkspaceMember | "new">();
  const { busy, error: refused, run } = useAction();
  const open = members.data?.filter(({ user, role }) => !listed?.some((one) => one.user === user) && role !== "owner" && role !== "admin") ?? [];
  const put = async (user: string, role: string) => {
    await api.json(`${path}/members/${user}`, { method: "PUT", body: { role } satisfies wire.ListWorkspaceMember });
    await reload();
  };
  const remove = async (user: string) => {
    await api.json(`${path}/members/${user}`, { method: "DELETE" });
    await reload();
  };
  return (
    <>
      <ErrorNote error={error ?? members.error ?? refused} />
      {listed?.length === 0 && <p class="muted">Nobody is listed yet. Owners and admins come in all the same.</p>}
      {listed && listed.length > 0 && (
        <Table label="Who is listed" head={["Name", "E-mail", "Role here", "Since", ""]}>
          {listed.map((member) => (
            <tr key={member.user}>
              <th scope="row" class="long">{member.name}</th>
              <td class="long">{member.email}</td>
              <td data-label="Role here">{member.role}</td>
              <td data-label="Since"><time dateTime={member.added_at}>{format.date(member.added_at)}</time></td>
              <td class="act">
                <Button kind="quiet" onClick={() => setAsking(member)} aria-label={`Change the role of ${member.name} here`}>Role</Button>
                <Button kind="quiet" busy={busy} onClick={() => void run(() => remove(member.user))} aria-label={`Remove ${member.name} from the list`}>Remove</Button>
              </td>
            </tr>
          ))}
        </Table>
      )}
      <div><Button icon="plus" disabled={open.length === 0} onClick={() => setAsking("new")}>List somebody</Button></div>
      {members.data && open.length === 0 && <p class="hint">Every member of the organization comes in already. Invite others first.</p>}
      {asking && (
        <FormDialog
          title={asking === "new" ? "List somebody" : `The role of ${asking.name} here`} action={asking === "new" ? "List" : "Change the role"} onClose={() => setAsking(undefined)}
          send={({ user = "", role = "" }) => put(asking === "new" ? user : asking.user, role)}
        >
          {asking === "new" && <Select label="Who" name="user" options={open.map(({ user, name, email }) => [user, `${name}, ${email}`] as const)} />}
          <RoleChoice roles={ROLES} value={asking === "new" ? "member" : asking.role} />
        </FormDialog>
      )}
    </>
  );
}

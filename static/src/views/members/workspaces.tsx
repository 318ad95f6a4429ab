// The workspaces of an organization: who may come in, and a new one.

import type { wire } from "@generic-corp/client";
import { useState } from "preact/hooks";
import * as api from "../../api";
import * as format from "../../format";
import { href, navigate } from "../../router";
import { refresh, workspaces } from "../../session";
import { Button, Field } from "../../ui/basics";
import { FormDialog } from "../../ui/form";
import { Section, Table } from "../../ui/page";
import { slugify } from "../new-room";

export function Workspaces({ organization }: { organization: wire.Organization }) {
  const [asking, setAsking] = useState(false);
  const [slug, setSlug] = useState("");
  const own = workspaces.value.filter((known) => known.organization.id === organization.id);
  const create = async ({ name = "" }: Record<string, string>) => {
    await api.json(api.organizationPath(organization.slug, "/workspaces"), { method: "POST", body: { slug, ...(name && { name }) } satisfies wire.NewWorkspace });
    await refresh();
    navigate(href("w", slug));
  };
  return (
    <Section title="Workspaces" intro="Each has rooms, agents and keys of its own, and a list of who may come in if not everyone may." actions={<Button icon="plus" onClick={() => setAsking(true)}>Create workspace</Button>}>
      <Table label="List of workspaces" head={["Workspace", "Who may come in", "Made", ""]}>
        {own.map(({ workspace }) => (
          <tr key={workspace.id}>
            <th scope="row" class="long"><a href={href("w", workspace.slug)}>{workspace.name}</a></th>
            <td data-label="Open to">{workspace.access === "everyone" ? "everyone" : "who is listed, owners and admins"}</td>
            <td data-label="Made"><time dateTime={workspace.created_at}>{format.date(workspace.created_at)}</time></td>
            <td class="act"><a class="button quiet" href={href("w", workspace.slug, "settings")} aria-label={`Access to ${workspace.name}`}>Access</a></td>
          </tr>
        ))}
      </Table>
      {asking && (
        <FormDialog title="Create a workspace" action="Create workspace" send={create} onClose={() => setAsking(false)}>
          <Field label="Name in addresses" name="slug" required autoFocus autoComplete="off" placeholder="research" value={slug} onInput={(event) => setSlug(slugify(event.currentTarget.value))} hint="Lower-case letters, digits, dots and dashes. It stays." />
          <Field label="Name for people (optional)" name="name" autoComplete="off" maxLength={256} placeholder="Research" />
        </FormDialog>
      )}
    </Section>
  );
}

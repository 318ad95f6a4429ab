// An organization's name, plan, receivers of alerts, and its end.

import type { wire } from "@generic-corp/client";
import { useState } from "preact/hooks";
import * as api from "../../api";
import { manages, organizationOf, owns } from "../../may";
import { navigate } from "../../router";
import { refresh } from "../../session";
import { Button } from "../../ui/basics";
import { Confirm } from "../../ui/form";
import { Page, Section } from "../../ui/page";
import { Missing } from "../workspace";
import { Billing } from "./billing";
import { NameForm } from "./name-form";
import { Webhooks } from "./webhooks";

export function OrganizationSettings({ organization: name }: { organization: string }) {
  const organization = organizationOf(name);
  if (!organization || !manages(organization)) return <Missing />;
  const path = api.organizationPath(organization.slug);
  const rename = async (name: string) => {
    await api.json(path, { method: "PATCH", body: { name } satisfies wire.ChangeOrganization });
    await refresh();
  };
  return (
    <Page title="Organization" tab={`Settings of ${organization.name}`} intro={organization.name} key={organization.id}>
      <Section title="Name">
        <NameForm value={organization.name} hint="For people. Its name in addresses stays." save={rename} />
      </Section>
      <Billing organization={organization} />
      <Webhooks organization={organization} />
      {owns(organization) && <End organization={organization} />}
    </Page>
  );
}

function End({ organization }: { organization: wire.Organization }) {
  const [asking, setAsking] = useState(false);
  const remove = async () => {
    await api.json(api.organizationPath(organization.slug, `?confirm=${encodeURIComponent(organization.slug)}`), { method: "DELETE" });
    await refresh();
    navigate("/");
  };
  return (
    <Section title="Delete this organization" intro="All its workspaces go with it: rooms, messages, output, agents, keys, webhooks. It cannot be brought back." tone="danger" actions={<Button kind="danger" icon="trash" onClick={() => setAsking(true)}>Delete organization</Button>}>
      {asking && (
        <Confirm title={`Delete ${organization.name}?`} action="Delete for good" typed={organization.slug} act={remove} onClose={() => setAsking(false)}>
          <p>Connections are closed within a second. Accounts of its members stay, with the other organizations they are in.</p>
        </Confirm>
      )}
    </Section>
  );
}

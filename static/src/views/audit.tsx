// The audit log of an organization: what was done that bears on security, the newest first.

import { HubError, type wire } from "@generic-corp/client";
import { useEffect, useMemo, useState } from "preact/hooks";
import * as api from "../api";
import * as format from "../format";
import { manages, organizationOf } from "../may";
import { Button, ErrorNote, Field } from "../ui/basics";
import { Select } from "../ui/form";
import { Page, Table } from "../ui/page";
import { useList } from "../ui/use-api";
import { Missing } from "./workspace";

const PAGE = 100;
/** While a filter finds little, older pages are looked through by themselves, so many at a time. */
const MOST_PAGES = 5;
const ENOUGH = 20;

const GROUPS = [
  ["", "Everything"],
  ["session,sessions,password,user", "Sessions and accounts"],
  ["member,invite", "Members and invites"],
  ["organization,workspace,room", "Workspaces and rooms"],
  ["agent,key", "Agents and keys"],
  ["webhook", "Receivers of alerts"],
  ["plan,limit,ceiling", "Plan and limits"],
] as const;

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** `member.role_changed` in words. */
const wordsOf = (action: string): string => action.replace(".", ": ").replaceAll("_", " ");

interface Filter {
  group: string;
  text: string;
}

function matches(entry: wire.AuditEntry, target: string, { group, text }: Filter): boolean {
  if (group && !group.split(",").includes(entry.action.split(".")[0] ?? "")) return false;
  const all = [entry.actor_name, entry.action, wordsOf(entry.action), entry.target, target, entry.address].join(" ").toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => all.includes(word));
}

export function Audit({ organization: name }: { organization: string }) {
  const organization = organizationOf(name);
  return organization && manages(organization) ? <Log key={organization.id} organization={organization} /> : <Missing />;
}

function useLog(path: string) {
  const [entries, setEntries] = useState<wire.AuditEntry[]>();
  const [end, setEnd] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<HubError>();
  const older = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const last = entries?.at(-1)?.id;
      const page = await api.json<wire.AuditEntry[]>(`${path}?limit=${PAGE}${last === undefined ? "" : `&before=${last}`}`);
      setEntries([...(entries ?? []), ...page]);
      setEnd(page.length < PAGE);
    } catch (cause) {
      if (!(cause instanceof HubError)) throw cause;
      setError(cause);
    } finally {
      setBusy(false);
    }
  };
  useEffect(() => {
    void older();
  }, []);
  return { entries, end, busy, error, older };
}

function Log({ organization }: { organization: wire.Organization }) {
  const { entries, end, busy, error, older } = useLog(api.organizationPath(organization.slug, "/audit"));
  const members = useList<wire.OrganizationMember>(api.organizationPath(organization.slug, "/members"));
  const [filter, setFilter] = useState<Filter>({ group: "", text: "" });
  const [pages, setPages] = useState(0);
  const names = useMemo(() => new Map(members.data?.map(({ user, name }) => [user, name])), [members.data]);
  const told = (target: string) => target.replaceAll(ID, (id) => names.get(id) ?? `…${id.slice(-6)}`);
  const shown = entries?.filter((entry) => matches(entry, told(entry.target), filter));
  const filtered = filter.group !== "" || filter.text !== "";
  useEffect(() => {
    if (!filtered || busy || end || error || !shown || shown.length >= ENOUGH || pages >= MOST_PAGES) return;
    setPages(pages + 1);
    void older();
  }, [filtered, busy, end, error, shown?.length, pages]);
  const change = (next: Partial<Filter>) => {
    setFilter({ ...filter, ...next });
    setPages(0);
  };
  const last = entries?.at(-1);
  return (
    <Page title="Audit log" tab={`Audit log of ${organization.name}`} intro="What was done that bears on security. Nothing in it can be changed." wide>
      <div class="filters" role="search">
        <Select label="What" options={GROUPS} value={filter.group} onChange={(event) => change({ group: event.currentTarget.value })} />
        <Field label="Who, what, from where" type="search" value={filter.text} onInput={(event) => change({ text: event.currentTarget.value })} />
      </div>
      <ErrorNote error={error ?? members.error} />
      {shown && shown.length > 0 && (
        <Table label="Acts" head={["When", "Who", "What", "To what", "From"]}>
          {shown.map((entry) => (
            <tr key={entry.id}>
              <th scope="row"><time dateTime={entry.time}>{format.dateTime(entry.time)}</time></th>
              <td>{entry.actor_name}{entry.actor_kind !== "user" && <span class="tag">{entry.actor_kind}</span>}</td>
              <td data-label="What">{wordsOf(entry.action)}</td>
              <td data-label="To" class="long" title={entry.target}>{told(entry.target)}</td>
              <td data-label="From" class="number">{entry.address ?? "the hub itself"}</td>
            </tr>
          ))}
        </Table>
      )}
      <p class="muted" role="status">
        {shown && last && `${format.plural(shown.length, "entry", "entries")} of ${format.count(entries?.length ?? 0)} looked at, back to ${format.dateTime(last.time)}${end ? ", which is all" : ""}.`}
      </p>
      {!end && entries && <div><Button busy={busy} onClick={() => (setPages(0), void older())}>Load older</Button></div>}
    </Page>
  );
}

// The frame of every signed-in view: the rail with workspaces and rooms, and the view itself.

import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import * as connection from "../hub";
import { administers, organizationOf, workspaceOf } from "../may";
import * as rooms from "../rooms";
import { type Route, href, route } from "../router";
import { beside, me, remember, signOut, workspaces } from "../session";
import { listen, overlay } from "../shortcuts";
import { type Theme, theme } from "../theme";
import { Button, Icon, IconButton, Segmented } from "../ui/basics";
import { lazy } from "../ui/lazy";
import { Logo } from "../ui/logo";
import { Menu } from "../ui/menu";
import { Avatar } from "../ui/people";
import * as usage from "../usage/organization";
import { Links, LinksMenu } from "./navigation";
import { NewRoom } from "./new-room";
import { RoomView } from "./room";
import { UsageBanners } from "./usage/banners";
import { Missing, Rooms } from "./workspace";

/** One file: many small ones cost a first visit more than they save. */
const pages = () => import("./pages");
const Overview = lazy(() => pages().then((file) => file.Overview));
const Usage = lazy(() => pages().then((file) => file.Usage));
const Members = lazy(() => pages().then((file) => file.Members));
const WorkspaceSettings = lazy(() => pages().then((file) => file.WorkspaceSettings));
const Account = lazy(() => pages().then((file) => file.Account));
const OrganizationSettings = lazy(() => pages().then((file) => file.OrganizationSettings));
const Overlay = lazy(() => pages().then((file) => file.Overlay), { part: true });
const Audit = lazy(() => pages().then((file) => file.Audit));
const Agents = lazy(() => pages().then((file) => file.Agents));
const AgentPage = lazy(() => pages().then((file) => file.AgentPage));
const ConnectionsPage = lazy(() => pages().then((file) => file.ConnectionsPage));
const SearchPage = lazy(() => pages().then((file) => file.SearchPage));
const ClusterPage = lazy(() => pages().then((file) => file.ClusterPage));
const KeysPage = lazy(() => pages().then((file) => file.KeysPage));

const THEMES: { value: Theme; label: preact.ComponentChildren; name: string }[] = [
  { value: "system", label: <Icon name="system" />, name: "Theme as the system has it" },
  { value: "light", label: <Icon name="sun" />, name: "Light theme" },
  { value: "dark", label: <Icon name="moon" />, name: "Dark theme" },
];

export function Shell({ view }: { view: Route }) {
  const organization = "organization" in view ? organizationOf(view.organization) : undefined;
  const slug = "workspace" in view ? view.workspace : beside(organization?.slug);
  const known = slug === undefined ? undefined : workspaceOf(slug);
  // Who is in no workspace yet still comes to the pages of the organization.
  const owner = organization ?? known?.organization ?? me.value?.organizations[0];
  // Before the paint: what it asks for can come meanwhile.
  useLayoutEffect(() => {
    rooms.workspace.value = known?.workspace.slug;
    if (known) {
      remember(known.workspace.slug);
      connection.enter(known.workspace.slug);
    } else connection.leave();
  }, [known?.workspace.slug]);
  useEffect(() => {
    usage.organization.value = owner?.slug;
  }, [owner?.slug]);
  useEffect(listen, []);
  const missing = view.view === "missing" || ("workspace" in view && !known) || ("organization" in view && !organization);
  return (
    <div class={`shell view-${view.view}`}>
      <a class="skip" href="#main">Skip to the content</a>
      <Rail view={view} slug={known?.workspace.slug} organization={owner?.slug} />
      <div class="content" id="main" tabIndex={-1}>
        {owner && !missing && view.view !== "room" && <UsageBanners organization={owner} />}
        {missing ? <Missing /> : <View view={view} />}
      </div>
      <Above workspace={known?.workspace.slug} organization={owner?.slug} />
    </div>
  );
}

/** What opens above the page, loaded when it is first asked for. */
function Above(props: { workspace: string | undefined; organization: string | undefined }) {
  const [asked, setAsked] = useState(false);
  const open = overlay.value !== undefined;
  useEffect(() => {
    if (open) setAsked(true);
  }, [open]);
  return asked ? <Overlay {...props} /> : null;
}

/** Pages that only those who administer the workspace have. */
const FOR_ADMINS: readonly Route["view"][] = ["keys", "connections", "settings"];

function View({ view }: { view: Route }) {
  if ("workspace" in view && FOR_ADMINS.includes(view.view) && !administers(view.workspace)) {
    // A list may make a member an admin here: the hub's welcome tells.
    return connection.welcome.value ? <Missing /> : <main class="page" />;
  }
  switch (view.view) {
    case "room":
      return <RoomView key={`${view.workspace}/${view.room}`} workspace={view.workspace} name={view.room} />;
    case "keys":
      return <KeysPage key={view.workspace} workspace={view.workspace} />;
    case "agents":
      return <Agents workspace={view.workspace} />;
    case "agent":
      return <AgentPage key={`${view.workspace}/${view.agent}`} workspace={view.workspace} name={view.agent} />;
    case "connections":
      return <ConnectionsPage workspace={view.workspace} />;
    case "audit":
      return <Audit organization={view.organization} />;
    case "usage":
      return <Usage key={view.organization} organization={view.organization} />;
    case "members":
      return <Members organization={view.organization} />;
    case "organization":
      return <OrganizationSettings organization={view.organization} />;
    case "account":
      return <Account />;
    case "settings":
      return <WorkspaceSettings workspace={view.workspace} />;
    case "search":
      return <SearchPage key={view.workspace} workspace={view.workspace} />;
    case "cluster":
      return <ClusterPage />;
    case "rooms":
      return <Rooms workspace={view.workspace} />;
    case "workspace":
      return <Overview key={view.workspace} workspace={view.workspace} />;
    default:
      return <Missing />;
  }
}

function Rail({ view, slug, organization }: { view: Route; slug: string | undefined; organization: string | undefined }) {
  return (
    <nav class="rail" aria-label="Workspace">
      <Switcher slug={slug} />
      <button type="button" class="rail-go" onClick={() => (overlay.value = "palette")} aria-keyshortcuts="Control+K Meta+K">
        <Icon name="search" /><span>Go to…</span><kbd>Ctrl K</kbd>
      </button>
      <Links view={view} slug={slug} organization={organization} />
      {slug && <RoomLinks slug={slug} />}
      <LinksMenu view={view} slug={slug} organization={organization} />
      <Foot />
    </nav>
  );
}

function Switcher({ slug }: { slug: string | undefined }) {
  const current = workspaces.value.find(({ workspace }) => workspace.slug === slug);
  const label = (
    <>
      <Logo />
      <span class="switcher-names">
        <strong>{current?.workspace.name ?? "generic-corp"}</strong>
        <span>{current?.organization.name ?? "Choose a workspace"}</span>
      </span>
      <Icon name="switch" />
    </>
  );
  return (
    <Menu class="switcher" label={label} name="Switch workspace">
      <ul>
        {workspaces.value.map(({ organization, workspace }) => (
          <li key={workspace.id}>
            <a href={href("w", workspace.slug)} aria-current={workspace.slug === slug ? "true" : undefined}>
              <span>{workspace.name}</span> <span class="muted">{organization.name}</span>
              {workspace.slug === slug && <Icon name="check" />}
            </a>
          </li>
        ))}
      </ul>
    </Menu>
  );
}

function RoomLinks({ slug }: { slug: string }) {
  const [asking, setAsking] = useState(false);
  const view = route.value;
  const open = view.view === "room" ? view.room : undefined;
  return (
    <section class="rail-rooms" aria-labelledby="rail-rooms">
      <header>
        <h2 id="rail-rooms">Rooms</h2>
        {administers(slug) && <IconButton icon="plus" label="Create a room" onClick={() => setAsking(true)} />}
      </header>
      <ul>
        {rooms.rooms.value?.map((room) => {
          const unread = room.name === open ? 0 : rooms.unread(room);
          return (
            <li key={room.id}>
              <a href={href("w", slug, "rooms", room.name)} aria-current={room.name === open ? "page" : undefined} class={unread ? "unread" : ""}>
                <Icon name="hash" />
                <span class="name">{room.name}</span>
                {room.open_streams > 0 && <span class="live-dot" title="Output is being written"><span class="sr-only">, output is being written</span></span>}
                {unread > 0 && <span class="badge">{unread > 99 ? "99+" : unread}<span class="sr-only"> unread</span></span>}
              </a>
            </li>
          );
        })}
      </ul>
      {asking && <NewRoom workspace={slug} onClose={() => setAsking(false)} />}
    </section>
  );
}

function Foot() {
  const you = me.value;
  if (!you) return null;
  return (
    <div class="rail-foot">
      <Menu class="account" name="Account" up label={<><Avatar sender={you.you} small /><span class="name">{you.you.name}</span><Icon name="more" /></>}>
        <div class="account-menu">
          <p class="muted">{you.email}</p>
          <Segmented label="Theme" options={THEMES} value={theme.value} onChange={(value) => (theme.value = value)} />
          {you.operator && <a class="button quiet" href="/cluster"><Icon name="cluster" /><span>The hub's nodes</span></a>}
          <a class="button quiet" href="/account/settings"><Icon name="user" /><span>Your settings</span></a>
          <Button kind="quiet" icon="sign-out" onClick={() => void signOut()}>Sign out</Button>
        </div>
      </Menu>
    </div>
  );
}

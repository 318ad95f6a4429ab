// Where one can go: the pages of the workspace and of its organization, by what the reader may see.

import type { Route } from "../router";
import { href } from "../router";
import { administers, manages, organizationOf } from "../may";
import { Icon } from "../ui/basics";
import { Menu } from "../ui/menu";

export interface Place {
  /** The view that it leads to. */
  view: Route["view"];
  label: string;
  icon: string;
  to: string;
}

export function workspacePlaces(slug: string): Place[] {
  const places: Place[] = [
    { view: "workspace", label: "Overview", icon: "home", to: href("w", slug) },
    { view: "rooms", label: "Rooms", icon: "rooms", to: href("w", slug, "rooms") },
    { view: "search", label: "Search", icon: "search", to: href("w", slug, "search") },
    { view: "agents", label: "Agents", icon: "agent", to: href("w", slug, "agents") },
  ];
  if (administers(slug)) {
    places.push(
      { view: "keys", label: "API keys", icon: "key", to: href("w", slug, "keys") },
      { view: "connections", label: "Connections", icon: "cluster", to: href("w", slug, "connections") },
      { view: "settings", label: "Workspace", icon: "settings", to: href("w", slug, "settings") },
    );
  }
  return places;
}

/** The address of a search. */
export function searchHref(workspace: string, text = "", room = ""): string {
  const asked = new URLSearchParams({ ...(text && { q: text }), ...(room && { room }) }).toString();
  return href("w", workspace, "search") + (asked && `?${asked}`);
}

export function organizationPlaces(slug: string): Place[] {
  const places: Place[] = [
    { view: "usage", label: "Usage", icon: "gauge", to: href("o", slug, "usage") },
    { view: "members", label: "Members", icon: "people", to: href("o", slug, "members") },
  ];
  if (manages(organizationOf(slug))) {
    places.push(
      { view: "audit", label: "Audit log", icon: "audit", to: href("o", slug, "audit") },
      { view: "organization", label: "Organization", icon: "card", to: href("o", slug, "organization") },
    );
  }
  return places;
}

interface LinksProps {
  view: Route;
  slug: string | undefined;
  organization: string | undefined;
}

export function Links({ view, slug, organization }: LinksProps) {
  const current = view.view === "agent" ? "agents" : view.view;
  const list = (places: Place[], label: string) => (
    <ul class="rail-links" aria-label={label}>
      {places.map(({ view, label, icon, to }) => (
        <li key={view}><a href={to} aria-current={view === current ? "page" : undefined}><Icon name={icon} />{label}</a></li>
      ))}
    </ul>
  );
  return (
    <>
      {slug && list(workspacePlaces(slug), "Workspace")}
      {organization && list(organizationPlaces(organization), "Organization")}
    </>
  );
}

/** The same behind a button, where there is no room for a rail. */
export function LinksMenu(props: LinksProps) {
  return (
    <Menu class="rail-menu" label={<Icon name="menu" />} name="Go to">
      <Links {...props} />
    </Menu>
  );
}

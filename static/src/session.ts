// Who is signed in and what they can reach.

import type { wire } from "@generic-corp/client";
import { computed, signal } from "@preact/signals";
import * as api from "./api";
import * as connection from "./hub";
import { href, navigate, route } from "./router";

/** `undefined` while not known, `null` when nobody is signed in. */
export const me = signal<wire.Me | null | undefined>(undefined);

/** Every workspace this person can open, with its organization. */
export const workspaces = computed(() => {
  const all = (me.value?.organizations ?? []).flatMap((organization) => organization.workspaces.map((workspace) => ({ organization, workspace })));
  const shared = ({ slug }: wire.Workspace) => all.filter((other) => other.workspace.slug === slug).length > 1;
  // A name that two organizations use opens neither workspace; the id does.
  return all.map(({ organization, workspace }) => ({ organization, workspace: shared(workspace) ? { ...workspace, slug: workspace.id } : workspace }));
});

const LAST = "gc.workspace";
/** Where to go after signing in. */
let wanted: string | undefined;
/** The same while the browser is elsewhere: it stays in this tab, so nobody's link can say where to go. */
const WANTED = "gc.wanted";

api.whenSignedOut(signedOut);

export async function start(): Promise<void> {
  const back = await api.restore();
  const view = route.peek();
  // While it is asked who that is. Where there is no such workspace the shell leaves again.
  if (back && "workspace" in view) connection.enter(view.workspace);
  me.value = back ? await api.json<wire.Me>("/me") : null;
}

/** Leaves for the provider. */
export async function signInElsewhere(): Promise<void> {
  const { url } = await api.signInElsewhere();
  if (wanted) sessionStorage.setItem(WANTED, wanted);
  location.assign(url);
}

/** Back from the provider, with what it put into the address. */
export async function finishSignIn(answer: wire.FinishSignIn): Promise<void> {
  wanted = sessionStorage.getItem(WANTED) ?? undefined;
  sessionStorage.removeItem(WANTED);
  await api.finishSignIn(answer);
  await entered();
}

/** Asks again what this person can reach, after it may have changed. */
export async function refresh(): Promise<void> {
  me.value = await api.json<wire.Me>("/me");
}

/** After a sign-in of any kind. */
export async function entered(): Promise<void> {
  me.value = await api.json<wire.Me>("/me");
  navigate(wanted ?? "/", { replace: true });
  wanted = undefined;
}

export async function signOut(): Promise<void> {
  await api.logout();
  wanted = undefined;
  signedOut();
}

function signedOut(): void {
  connection.leave();
  me.value = null;
}

/** Remembers the address for after the sign-in. */
export function signInFirst(): void {
  if (location.pathname !== "/") wanted = location.pathname + location.search;
  navigate("/sign-in", { replace: true });
}

/** The workspace to open when none is named. */
export function home(): string | undefined {
  const last = localStorage.getItem(LAST);
  const slugs = workspaces.value.map(({ workspace }) => workspace.slug);
  const slug = slugs.find((known) => known === last) ?? slugs[0];
  return slug === undefined ? undefined : href("w", slug);
}

/** The workspace to show beside pages that belong to none: the last one, of the organization if that is named. */
export function beside(organization?: string): string | undefined {
  const last = localStorage.getItem(LAST);
  const all = workspaces.value.filter((known) => organization === undefined || known.organization.slug === organization || known.organization.id === organization);
  return (all.find(({ workspace }) => workspace.slug === last) ?? all[0])?.workspace.slug;
}

export function remember(workspace: string): void {
  localStorage.setItem(LAST, workspace);
}

// Roles may have changed while nobody looked.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && me.value) refresh().catch(() => undefined);
});

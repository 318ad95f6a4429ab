// The REST API, with the access token in memory only. The refresh token is an HttpOnly cookie, which this
// page cannot read.

import { AuthError, HubError, hubError, type TokenReason, type wire } from "@generic-corp/client";

/** Renew when less than this is left. */
const MARGIN_MS = 60_000;
/** Remembers that there may be a cookie, so that a first visit asks for nothing. */
const HINT = "gc.session";

let session: { token: string; expires: number } | undefined;
let refreshing: Promise<void> | undefined;
let onSignedOut: () => void = () => undefined;

/** Called when the session has ended by itself. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

export interface Request {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

async function send(path: string, { method = "GET", body, headers = {}, signal }: Request, token?: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      credentials: "same-origin",
      headers: {
        accept: "application/json",
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(token && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new HubError("unavailable", "The hub cannot be reached. Is it running?", { retryable: true, cause });
  }
  if (response.ok) return response;
  throw await problem(response);
}

async function problem(response: Response): Promise<HubError> {
  const body = (await response.json().catch(() => ({}))) as Partial<wire.Problem>;
  const message = body.detail ?? body.title ?? `The hub answered ${response.status}.`;
  return hubError((body.code ?? "internal") as wire.ErrorCode, message, {
    retryable: body.retryable ?? response.status >= 500,
    retryAfterMs: body.retry_after_ms,
    details: body.details,
  });
}

function begin(answer: wire.Session): wire.User {
  session = { token: answer.access_token, expires: Date.parse(answer.expires_at) };
  localStorage.setItem(HINT, "1");
  return answer.user;
}

function end(): void {
  session = undefined;
  localStorage.removeItem(HINT);
}

/** One refresh at a time, in all tabs: a refresh token is good once. */
function refresh(): Promise<void> {
  const run = async () => {
    try {
      begin(await (await send("/auth/refresh", { method: "POST", body: {} })).json());
    } catch (error) {
      if (error instanceof AuthError) {
        end();
        onSignedOut();
      }
      throw error;
    }
  };
  // Locks exist only on secure origins.
  refreshing ??= (navigator.locks ? navigator.locks.request("gc-refresh", run) as Promise<void> : run()).finally(() => (refreshing = undefined));
  return refreshing;
}

/** An access token that is good now. */
export async function token(why: TokenReason = "connect"): Promise<string> {
  if (!session || why === "refused" || session.expires - Date.now() < MARGIN_MS) await refresh();
  if (!session) throw new AuthError("unauthenticated", "You are signed out.");
  return session.token;
}

/** Picks up the session of an earlier visit; `false` when there is none. */
export async function restore(): Promise<boolean> {
  if (!localStorage.getItem(HINT)) return false;
  try {
    await refresh();
    return true;
  } catch (error) {
    if (error instanceof AuthError) return false;
    throw error;
  }
}

/** An authenticated request; a token that ended in the meantime is renewed once. */
export async function request(path: string, options: Request = {}): Promise<Response> {
  try {
    return await send(path, options, await token());
  } catch (error) {
    if (!(error instanceof HubError) || (error.code !== "token_expired" && error.code !== "invalid_token")) throw error;
    return send(path, options, await token("refused"));
  }
}

/** An authenticated request for JSON. */
export async function json<T>(path: string, options: Request = {}): Promise<T> {
  const text = await (await request(path, options)).text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** Every part of a list, as far as `most` entries. */
export async function all<T>(path: string, most = 5_000): Promise<T[]> {
  const list: T[] = [];
  for (let next: string | undefined = path; next !== undefined && list.length < most;) {
    const response: Response = await request(next);
    list.push(...((await response.json()) as T[]));
    next = /^<\/api\/v1([^>]+)>; rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
  }
  return list;
}

export async function setupStatus(): Promise<wire.SetupStatus> {
  return (await send("/setup", {})).json();
}

export async function setup(body: wire.Setup): Promise<wire.User> {
  return begin(await (await send("/setup", { method: "POST", body })).json());
}

/** Says what to do next; whether the address had an account is not told. */
export async function register(body: wire.Register): Promise<wire.Registered> {
  return (await send("/auth/register", { method: "POST", body })).json();
}

export async function confirm(body: wire.ConfirmAccount): Promise<wire.User> {
  return begin(await (await send("/auth/confirm", { method: "POST", body })).json());
}

export async function forgot(body: wire.Forgot): Promise<void> {
  await send("/auth/forgot", { method: "POST", body });
}

export async function reset(body: wire.ResetPassword): Promise<void> {
  await send("/auth/reset", { method: "POST", body });
}

export async function showInvite(body: wire.LinkToken): Promise<wire.InviteInfo> {
  return (await send("/invites/show", { method: "POST", body })).json();
}

export async function acceptInvite(body: wire.AcceptInvite): Promise<wire.User> {
  return begin(await (await send("/invites/accept", { method: "POST", body })).json());
}

export async function login(body: wire.Login): Promise<wire.User> {
  return begin(await (await send("/auth/login", { method: "POST", body })).json());
}

/** Where to go to sign in at the provider. */
export async function signInElsewhere(): Promise<wire.SignInAddress> {
  return (await send("/auth/oidc", { method: "POST", body: {} })).json();
}

/** With what the provider sent along. */
export async function finishSignIn(body: wire.FinishSignIn): Promise<wire.User> {
  return begin(await (await send("/auth/oidc/callback", { method: "POST", body })).json());
}

/** Changes the password; every other session ends, and this one goes on with new tokens. */
export async function changePassword(body: wire.ChangePassword): Promise<void> {
  begin(await json<wire.Session>("/me/password", { method: "POST", body }));
}

export async function logout(): Promise<void> {
  if (localStorage.getItem(HINT)) await send("/auth/logout", { method: "POST", body: {} }).catch(() => undefined);
  end();
}

/** A workspace's path. */
export function workspacePath(workspace: string, rest = ""): string {
  return `/workspaces/${encodeURIComponent(workspace)}${rest}`;
}

/** An organization's path. */
export function organizationPath(organization: string, rest = ""): string {
  return `/organizations/${encodeURIComponent(organization)}${rest}`;
}

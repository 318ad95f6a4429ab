// Before the door: first setup by the one-time link, sign-in, registration.

import { HubError, type wire } from "@generic-corp/client";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api";
import { entered, signInElsewhere } from "../session";
import { Button, ErrorNote, Field, Icon } from "../ui/basics";
import { Brand } from "../ui/logo";

export type Values = Record<string, string>;

interface FormProps {
  action: string;
  send: (values: Values) => Promise<unknown>;
  /** What follows; otherwise one is signed in. */
  then?: () => unknown;
  children?: ComponentChildren;
}

/** A form that sends its fields, once, and shows what went wrong. */
export function Form({ action, send, then = entered, children }: FormProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<HubError>();
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement)) as Values;
    setBusy(true);
    setError(undefined);
    try {
      await send(values);
      await then();
    } catch (cause) {
      if (!(cause instanceof HubError)) throw cause;
      setError(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit}>
      {children}
      <ErrorNote error={error} />
      <Button kind="primary" type="submit" busy={busy}>{action}</Button>
    </form>
  );
}

export function Card({ title, intro, children }: { title: string; intro: ComponentChildren; children?: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · generic-corp`;
  }, [title]);
  return (
    <main class="entry">
      <div class="entry-card">
        <Brand />
        <h1>{title}</h1>
        <p class="intro">{intro}</p>
        {children}
      </div>
    </main>
  );
}

/** What this hub offers to visitors. */
export function useStatus(): { status?: wire.SetupStatus; error?: HubError } {
  const [result, setResult] = useState<{ status?: wire.SetupStatus; error?: HubError }>({});
  useEffect(() => {
    api.setupStatus().then((status) => setResult({ status }), (error: HubError) => setResult({ error }));
  }, []);
  return result;
}

export const email = (first: boolean) => <Field label="E-mail" name="email" type="email" autoComplete="username" required autoFocus={first} />;
export const name = (first: boolean) => <Field label="Your name" name="name" autoComplete="name" required maxLength={256} autoFocus={first} />;
export const newPassword = (
  <Field label="Password" name="password" type="password" autoComplete="new-password" required minLength={10} maxLength={256} hint="10 characters or more. A sentence is fine." />
);
export const password = <Field label="Password" name="password" type="password" autoComplete="current-password" required />;
const SLUG = "[a-z0-9][a-z0-9._\\-]{0,63}";

/** The way to the provider. */
function SignInWith({ name }: { name: string }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<HubError>();
  const go = async () => {
    setBusy(true);
    setError(undefined);
    try {
      // Busy until the browser has left.
      await signInElsewhere();
    } catch (cause) {
      setBusy(false);
      if (!(cause instanceof HubError)) throw cause;
      setError(cause);
    }
  };
  return (
    <div class="elsewhere">
      <Button busy={busy} onClick={() => void go()}>Sign in with {name}</Button>
      <ErrorNote error={error} />
      <p class="or"><span>or by password</span></p>
    </div>
  );
}

export function SignIn() {
  const { status, error } = useStatus();
  return (
    <Card title="Sign in" intro="Watch your agents work, room by room.">
      {status?.setup_needed && (
        <p class="note"><Icon name="info" /><span>This hub has no administrator yet. Open the setup link that it printed when it started.</span></p>
      )}
      <ErrorNote error={error} />
      {status?.sign_in_with && <SignInWith name={status.sign_in_with} />}
      <Form action="Sign in" send={({ email = "", password = "" }) => api.login({ email, password })}>
        {email(true)}
        {password}
      </Form>
      <p class="aside"><a href="/forgot">Forgot your password?</a></p>
      {status?.registration_open && <p class="aside">New here? <a href="/register">Create an account</a></p>}
    </Card>
  );
}

const NO_ACCOUNTS: Record<string, string> = {
  invite: "Accounts are made by invite on this hub. Ask somebody who is in for one.",
  closed: "Registration is closed on this hub. Ask its administrator for an account.",
};

export function Register() {
  const { status } = useStatus();
  const [sent, setSent] = useState<string>();
  const send = async ({ email = "", name = "", password = "", organization = "" }: Values) => {
    const { next } = await api.register({ email, name, password, organization });
    if (next === "confirm") return setSent(email);
    await api.login({ email, password });
    await entered();
  };
  if (sent !== undefined) return <Card title="Look into your mail" intro={`A link to finish your account is on its way to ${sent}. It is good for a day.`} />;
  const closed = NO_ACCOUNTS[status?.registration ?? "open"];
  return (
    <Card title="Create an account" intro={closed ?? "You get an organization of your own, with a first workspace in it."}>
      {!closed && (
        <Form action="Create account" send={send} then={() => undefined}>
          {name(true)}
          {email(false)}
          {newPassword}
          <Field label="Organization" name="organization" required pattern={SLUG} hint="Lower-case letters, digits, dots and dashes: it becomes part of addresses." />
        </Form>
      )}
      <p class="aside">Already here? <a href="/sign-in">Sign in</a></p>
    </Card>
  );
}

/** The token stands behind `#`, so that it reaches no server's log; it is taken out of the address at once. */
function takeToken(): string {
  const token = location.hash.slice(1);
  if (token) history.replaceState(null, "", location.pathname);
  return token;
}

/** The token of the link that led here; empty when there was none. */
export function useToken(): string {
  const [token, setToken] = useState(takeToken);
  useEffect(() => {
    const changed = () => setToken((known) => takeToken() || known);
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return token;
}

export function Setup() {
  const token = useToken();
  const { status } = useStatus();
  const send = ({ email = "", name = "", password = "", organization = "", workspace = "", token: typed = "" }: Values) =>
    api.setup({ token: token || typed.replace(/^.*#/, ""), email, name, password, organization, workspace });
  if (status?.setup_needed === false) {
    return (
      <Card title="Already set up" intro="This hub has its first administrator.">
        <p class="aside"><a href="/sign-in">Sign in</a></p>
      </Card>
    );
  }
  return (
    <Card title="Set up this hub" intro="Make the first administrator, and a workspace to begin in.">
      <Form action="Set up" send={send}>
        {!token && <Field label="Setup link" name="token" required autoFocus autoComplete="off" hint="The hub printed it when it started; it works once." />}
        {name(token !== "")}
        {email(false)}
        {newPassword}
        <div class="two">
          <Field label="Organization" name="organization" required pattern={SLUG} defaultValue="main" />
          <Field label="Workspace" name="workspace" required pattern={SLUG} defaultValue="main" />
        </div>
      </Form>
    </Card>
  );
}

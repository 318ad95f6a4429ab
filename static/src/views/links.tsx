// Where one-time links lead: an invite, a new password, an account to finish; and the way to have one sent.

import { HubError, type wire } from "@generic-corp/client";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api";
import { entered, me, signOut } from "../session";
import { Card, email, Form, name, newPassword, password, useStatus, useToken, type Values } from "./entry";
import { ErrorNote } from "../ui/basics";

const signIn = <p class="aside"><a href="/sign-in">Sign in</a></p>;

export function Invite() {
  const token = useToken();
  const [invite, setInvite] = useState<wire.InviteInfo>();
  const [error, setError] = useState<HubError>();
  const [known, setKnown] = useState(false);
  const { status } = useStatus();
  useEffect(() => {
    api.showInvite({ token }).then(setInvite, (cause: HubError) => setError(cause));
  }, [token]);
  if (!invite) {
    if (!error) return <Card title="Invite" intro={<span role="status">Opening…</span>} />;
    return <Card title="This invite is not open" intro="Ask who sent it for a new one."><ErrorNote error={error} />{signIn}</Card>;
  }
  const title = `Join ${invite.name}`;
  const intro = `${invite.made_by} invites you, as ${invite.role}.`;
  const join = () => api.json("/invites/join", { method: "POST", body: { token } });
  if (me.value) {
    return (
      <Card title={title} intro={intro}>
        <Form action={`Join as ${me.value.email ?? me.value.you.name}`} send={join} />
        <p class="aside"><button type="button" class="link" onClick={() => void signOut()}>Use another account</button></p>
      </Card>
    );
  }
  const address = invite.email === undefined ? email : () => <p class="aside">For {invite.email}</p>;
  if (known || status?.registration === "closed") {
    const send = async (values: Values) => {
      await api.login({ email: values["email"] ?? invite.email ?? "", password: values["password"] ?? "" });
      await join();
    };
    return (
      <Card title={title} intro={intro}>
        <Form action="Sign in and join" send={send}>
          {address(true)}
          {password}
        </Form>
        {status?.registration !== "closed" && <p class="aside">New here? <button type="button" class="link" onClick={() => setKnown(false)}>Create an account</button></p>}
      </Card>
    );
  }
  const accept = ({ email, name = "", password = "" }: Values) => api.acceptInvite({ token, name, password, ...(email !== undefined && { email }) });
  return (
    <Card title={title} intro={intro}>
      <Form action="Create account and join" send={accept}>
        {name(true)}
        {address(false)}
        {newPassword}
      </Form>
      <p class="aside">Already have an account? <button type="button" class="link" onClick={() => setKnown(true)}>Sign in</button></p>
    </Card>
  );
}

export function Reset() {
  const token = useToken();
  const [done, setDone] = useState(false);
  const send = async ({ password = "" }: Values) => {
    await api.reset({ token, password });
    // Every session has ended, also that of this browser.
    await signOut();
  };
  if (done) return <Card title="Your password is set" intro="You were signed out everywhere.">{signIn}</Card>;
  if (!token) return <Card title="Set a new password" intro="Open the whole link that you were given."><p class="aside"><a href="/forgot">Get a link</a></p></Card>;
  return (
    <Card title="Set a new password" intro="It signs you out everywhere.">
      <Form action="Set password" send={send} then={() => setDone(true)}>
        {newPassword}
      </Form>
      <p class="aside">Link too old? <a href="/forgot">Get another one</a></p>
    </Card>
  );
}

export function Confirm() {
  const token = useToken();
  // A button, since programs that look at mail open its links.
  return (
    <Card title="Finish your account" intro="Your address is right when you have come here by the link in our mail. Did you not register? Then somebody else did; leave it.">
      <Form action="Finish" send={({ password = "" }) => api.confirm({ token, password })} then={entered}>
        {password}
      </Form>
      {signIn}
    </Card>
  );
}

export function Forgot() {
  const { status, error } = useStatus();
  const [sent, setSent] = useState(false);
  if (sent) return <Card title="Look into your mail" intro="If there is an account for this address, a link to a new password is on its way. It is good for an hour.">{signIn}</Card>;
  const silent = status?.reset_by_mail === false;
  return (
    <Card title="A new password" intro={silent ? "This hub sends no mail. Ask an administrator of your organization, or the hub's operator, for a link." : "You get a link by mail."}>
      <ErrorNote error={error} />
      {!silent && (
        <Form action="Send the link" send={({ email = "" }) => api.forgot({ email })} then={() => setSent(true)}>
          {email(true)}
        </Form>
      )}
      {signIn}
    </Card>
  );
}

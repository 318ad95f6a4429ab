// One's own settings: name, password, sessions, and how pages look and listen to keys on this device.

import type { wire } from "@generic-corp/client";
import { useRef, useState } from "preact/hooks";
import * as api from "../../api";
import { type Density, density, shortcuts } from "../../preferences";
import { me, refresh } from "../../session";
import { type Theme, theme } from "../../theme";
import { Button, ErrorNote, Field, Segmented } from "../../ui/basics";
import { valuesOf } from "../../ui/form";
import { Page, Section } from "../../ui/page";
import { useAction } from "../../ui/use-api";
import { NameForm } from "./name-form";
import { Sessions } from "./sessions";

const THEMES: { value: Theme; label: string }[] = [{ value: "system", label: "System" }, { value: "light", label: "Light" }, { value: "dark", label: "Dark" }];
const DENSITIES: { value: Density; label: string }[] = [{ value: "comfortable", label: "Comfortable" }, { value: "compact", label: "Compact" }];

export function Account() {
  const [round, setRound] = useState(0);
  const you = me.value;
  if (!you) return null;
  const rename = async (name: string) => {
    await api.json("/me", { method: "PATCH", body: { name } satisfies wire.ChangeMe });
    await refresh();
  };
  return (
    <Page title="Your settings" intro={you.email}>
      <Section title="Profile">
        <NameForm label="Your name" value={you.you.name} hint="Shown in rooms. Connections that are open keep the old one." save={rename} />
      </Section>
      <Section title="On this device">
        <div class="preferences">
          <span>Theme</span>
          <Segmented label="Theme" options={THEMES} value={theme.value} onChange={(value) => (theme.value = value)} />
          <span>Density</span>
          <Segmented label="Density" options={DENSITIES} value={density.value} onChange={(value) => (density.value = value)} />
          <span>Shortcuts</span>
          <label class="check">
            <input type="checkbox" checked={shortcuts.value} onChange={(event) => (shortcuts.value = event.currentTarget.checked)} />
            <span>Single keys do something <span class="muted">as <kbd>?</kbd> for the list of keys. Ctrl K and ⌘ K always work.</span></span>
          </label>
        </div>
      </Section>
      <Password onDone={() => setRound((before) => before + 1)} />
      <Sessions key={round} />
    </Page>
  );
}

function Password({ onDone }: { onDone: () => void }) {
  const form = useRef<HTMLFormElement>(null);
  const { busy, error, run } = useAction();
  const [done, setDone] = useState(false);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const { current = "", password = "" } = valuesOf(event);
    setDone(false);
    void run(() => api.changePassword({ current, password })).then((went) => {
      setDone(went);
      if (!went) return;
      form.current?.reset();
      onDone();
    });
  };
  return (
    <Section title="Password" intro="Changing it ends every other session.">
      <form class="stack" ref={form} onSubmit={submit}>
        <input hidden type="text" name="username" autoComplete="username" value={me.value?.email} readOnly />
        <Field label="Current password" name="current" type="password" autoComplete="current-password" required />
        <Field label="New password" name="password" type="password" autoComplete="new-password" required minLength={10} maxLength={256} hint="10 characters or more. A sentence is fine." />
        <ErrorNote error={error} />
        <div><Button type="submit" busy={busy}>Change password</Button> <span class="muted" role="status">{done && "Changed. Every other session has ended."}</span></div>
      </form>
    </Section>
  );
}

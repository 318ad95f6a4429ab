// A name that can be changed in place.

import { Button, ErrorNote, Field } from "../../ui/basics";
import { valuesOf } from "../../ui/form";
import { useAction } from "../../ui/use-api";
import { useState } from "preact/hooks";

export function NameForm({ value, label = "Name", hint, save }: { value: string; label?: string; hint: string; save: (name: string) => Promise<unknown> }) {
  const { busy, error, run } = useAction();
  const [saved, setSaved] = useState(false);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setSaved(false);
    void run(() => save((valuesOf(event)["name"] ?? "").trim())).then(setSaved);
  };
  return (
    <form class="line-form" onSubmit={submit} onInput={() => setSaved(false)}>
      <Field label={label} name="name" required maxLength={256} autoComplete="off" defaultValue={value} hint={hint} />
      <Button type="submit" busy={busy}>Save</Button>
      <span class="muted" role="status">{saved && "Saved"}</span>
      <ErrorNote error={error} />
    </form>
  );
}

// A name that can be changed in place.

import { useState } from "preact/hooks";
import { Button, ErrorNote, Field } from "../../ui/basics";
import { valuesOf } from "../../ui/form";
import { useAction } from "../../ui/use-api";

interface NameFormProps {
  value: string;
  label?: string;
  hint: string;
  /** Whether it may be empty. */
  optional?: boolean;
  save: (name: string) => Promise<unknown>;
}

export function NameForm({ value, label = "Name", hint, optional = false, save }: NameFormProps) {
  const { busy, error, run } = useAction();
  const [saved, setSaved] = useState(false);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setSaved(false);
    void run(() => save((valuesOf(event)["name"] ?? "").trim())).then(setSaved);
  };
  return (
    <form class="line-form" onSubmit={submit} onInput={() => setSaved(false)}>
      <Field label={label} name="name" required={!optional} maxLength={256} autoComplete="off" defaultValue={value} hint={hint} />
      <Button type="submit" busy={busy}>Save</Button>
      <span class="muted" role="status">{saved && "Saved"}</span>
      <ErrorNote error={error} />
    </form>
  );
}

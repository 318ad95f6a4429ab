// One role out of those that can be given, each with what it may do.

export function RoleChoice({ roles, value }: { roles: readonly (readonly [role: string, about: string])[]; value: string }) {
  return (
    <fieldset>
      <legend>Role</legend>
      {roles.map(([role, about]) => (
        <label class="check" key={role}>
          <input type="radio" name="role" value={role} defaultChecked={role === value} required />
          <span>{role} <span class="muted">{about}</span></span>
        </label>
      ))}
    </fieldset>
  );
}

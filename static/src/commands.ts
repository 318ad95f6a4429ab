// The commands that the dashboard offers to paste, with the real address, workspace and room in them.

export type Way = "cli" | "curl" | "typescript";

export const WAYS: readonly { value: Way; label: string }[] = [
  { value: "cli", label: "Command line" },
  { value: "curl", label: "curl" },
  { value: "typescript", label: "TypeScript" },
];

const NO_KEY = "PASTE_A_KEY_HERE";

/** What puts a first thing into a room. */
export function firstCommand(way: Way, { workspace, room, key }: { workspace: string; room: string; key?: string | undefined }): string {
  const origin = location.origin;
  if (way === "curl") {
    return [
      `curl ${origin}/api/v1/workspaces/${workspace}/rooms/${room}/events \\`,
      `  -H "Authorization: Bearer ${key ?? NO_KEY}" -H "Content-Type: application/json" \\`,
      `  -d '{"body": {"text": "Hello from curl"}}'`,
    ].join("\n");
  }
  if (way === "typescript") {
    return [
      `import { connect } from "@generic-corp/client";`,
      ``,
      `const hub = connect({ url: "${origin}", workspace: "${workspace}", token: () => "${key ?? NO_KEY}" });`,
      `const room = await hub.join("${room}");`,
      `await room.publish({ text: "Hello from TypeScript" });`,
    ].join("\n");
  }
  return [
    `export GENERIC_CORP_URL=${origin}`,
    `export GENERIC_CORP_WORKSPACE=${workspace}`,
    `export GENERIC_CORP_API_KEY=${key ?? NO_KEY}`,
    `cargo test 2>&1 | generic-corp stream --room ${room} --name tests`,
  ].join("\n");
}

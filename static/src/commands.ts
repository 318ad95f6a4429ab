// The commands that the dashboard offers to paste, with the real address, workspace and room in them.

export type Way = "cli" | "curl" | "typescript" | "python" | "rust";

export const WAYS: readonly { value: Way; label: string }[] = [
  { value: "cli", label: "Shell" },
  { value: "curl", label: "curl" },
  { value: "typescript", label: "TypeScript" },
  { value: "python", label: "Python" },
  { value: "rust", label: "Rust" },
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
  if (way === "python") {
    return [
      `import asyncio`,
      `from generic_corp import connect`,
      ``,
      `async def main():`,
      `    async with connect("${origin}", workspace="${workspace}", token="${key ?? NO_KEY}") as hub:`,
      `        room = await hub.join("${room}")`,
      `        await room.publish({"text": "Hello from Python"})`,
      ``,
      `asyncio.run(main())`,
    ].join("\n");
  }
  if (way === "rust") {
    return [
      `use generic_corp_client::{Client, Error};`,
      ``,
      `#[tokio::main]`,
      `async fn main() -> Result<(), Error> {`,
      `    let hub = Client::builder("${origin}", "${workspace}").token("${key ?? NO_KEY}").connect().await?;`,
      `    hub.say("${room}", "Hello from Rust").await?;`,
      `    hub.close().await;`,
      `    Ok(())`,
      `}`,
    ].join("\n");
  }
  return [
    `export GENERIC_CORP_URL=${origin}`,
    `export GENERIC_CORP_WORKSPACE=${workspace}`,
    `export GENERIC_CORP_API_KEY=${key ?? NO_KEY}`,
    `cargo test 2>&1 | generic-corp stream --room ${room} --name tests`,
  ].join("\n");
}

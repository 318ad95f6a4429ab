// Plans with limits that a test reaches.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PLANS = new URL("../../config/plans.toml", import.meta.url);

/** The built-in plans, but for ten messages a month; `remove` when done. */
export async function smallPlans() {
  const folder = mkdtempSync(join(tmpdir(), "generic-corp-plans-"));
  const file = join(folder, "plans.toml");
  const text = await readFile(PLANS, "utf8");
  writeFileSync(file, text.replaceAll(/^messages_per_month = .*$/gm, "messages_per_month = 10"));
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

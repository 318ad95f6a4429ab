// Plans with limits that a test reaches.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PLANS = new URL("../../config/plans.toml", import.meta.url);

/** The built-in plans, but for these limits where a plan has them; `remove` when done. */
export async function plansWith(limits) {
  const folder = mkdtempSync(join(tmpdir(), "generic-corp-plans-"));
  const file = join(folder, "plans.toml");
  let text = await readFile(PLANS, "utf8");
  for (const [name, limit] of Object.entries(limits)) text = text.replaceAll(new RegExp(`^${name} = .*$`, "gm"), `${name} = ${limit}`);
  writeFileSync(file, text);
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

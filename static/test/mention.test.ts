import assert from "node:assert/strict";
import { test } from "node:test";
import { Marked } from "marked";
import { extension, mentions } from "../src/feed/mention";

test("who is addressed: at the start of a word, each once, without the end of the sentence", () => {
  assert.deepEqual(mentions("@sable, please ask @yuki-2. Or @sable? (And **@marcus**.) Not ada@example.com, not `@code`, not @, not @Graham."), ["sable", "yuki-2", "marcus"]);
  assert.deepEqual(mentions(Array.from({ length: 50 }, (_, i) => `@bot${i}`).join(" ")).length, 32);
});

test("a mention is marked, but not in code or in an address", () => {
  const marked = new Marked({ extensions: [extension] });
  const found: string[] = [];
  marked.walkTokens(marked.lexer("Ask @sable.v2, `@code`, ada@example.com and **@yuki**."), ({ type, raw }) => {
    if (type === "mention") found.push(raw);
  });
  assert.deepEqual(found, ["@sable.v2", "@yuki"]);
});

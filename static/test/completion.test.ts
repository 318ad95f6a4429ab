import assert from "node:assert/strict";
import { test } from "node:test";
import type { wire } from "@generic-corp/client";
import { candidates, complete, wordAt } from "../src/feed/completion.js";

const member = (name: string, kind: string) => ({ sender: { id: name, name, kind }, state: "online", connection: `${name}1`, since: "" }) as unknown as wire.Member;
const members = [member("ada", "user"), member("sable", "agent"), member("sandra", "user"), member("sable", "agent"), member("yuki-sa", "agent")];

test("a name is completed where an @ begins a word", () => {
  assert.equal(wordAt("hello @sa", 9), "sa");
  assert.equal(wordAt("@", 1), "");
  assert.equal(wordAt("ada@example", 11), undefined);
  assert.equal(wordAt("no", 2), undefined);
  assert.equal(wordAt("@sa and more", 12), undefined);
  assert.equal(wordAt("@sa and more", 3), "sa");
});

test("agents come first, then who begins with it; each once, and not oneself", () => {
  assert.deepEqual(candidates(members, "sa", "ada").map(({ name }) => name), ["sable", "sandra", "yuki-sa"]);
  assert.deepEqual(candidates(members, "", "ada").map(({ name }) => name), ["sable", "yuki-sa", "sandra"]);
  assert.deepEqual(candidates(members, "zz", "ada"), []);
});

test("the chosen name takes the place of the word", () => {
  assert.deepEqual(complete("ask @sa to", 7, "sable"), { text: "ask @sable to", caret: 11 });
  assert.deepEqual(complete("@", 1, "sable"), { text: "@sable ", caret: 7 });
});

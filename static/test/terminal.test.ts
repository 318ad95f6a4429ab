import assert from "node:assert/strict";
import { test } from "node:test";
import { contrast, readable } from "../src/output/color.js";
import { Terminal } from "../src/output/terminal.js";

function screen(...chunks: string[]): string[] {
  const terminal = new Terminal();
  for (const chunk of chunks) terminal.write(chunk);
  return terminal.lines.map((line) => line.runs.map((run) => run.text).join(""));
}

function styles(text: string): [string, string | null, readonly string[]][] {
  const terminal = new Terminal();
  terminal.write(text);
  return terminal.lines.flatMap((line) => line.runs.map((run): [string, string | null, readonly string[]] => [run.text, run.style.fg, run.style.marks]));
}

test("a progress bar overwrites its line", () => {
  assert.deepEqual(screen("10%\r20%\r100%\ndone"), ["100%", "done"]);
  assert.deepEqual(screen("a long line\rshort\x1b[K\n"), ["short", ""]);
  assert.deepEqual(screen("Building [==>  ]\r\x1b[2KFinished"), ["Finished"]);
});

test("several lines of progress are redrawn in place", () => {
  assert.deepEqual(screen("a 1\nb 1\n", "\x1b[2Aa 2\x1b[K\nb 2\x1b[K\n"), ["a 2", "b 2", ""]);
  assert.deepEqual(screen("one\ntwo\nthree\n\x1b[3A\x1b[J", "new"), ["new"]);
});

test("an escape split between chunks is one escape", () => {
  const whole = "\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\ end";
  for (let at = 1; at < whole.length; at++) {
    assert.deepEqual(screen(whole.slice(0, at), whole.slice(at)), ["red link end"], `${at}`);
  }
});

test("what is no terminal's business is dropped", () => {
  assert.deepEqual(screen("\x1b]0;title\x07a\x1b(Bb\x1b[?25lc\x07d\x1b7e\x1b[5nf"), ["abcdef"]);
  assert.deepEqual(screen("a\x1b"), ["a"]);
  assert.deepEqual(screen("a\x1b[12\nb"), ["a[12", "b"]);
  assert.deepEqual(screen("a\tb\bc"), ["a       c"]);
});

test("an escape that never ends does not hold back what follows for ever", () => {
  const [line] = screen("\x1b]0;" + "x".repeat(5_000));
  assert.ok((line?.length ?? 0) > 4_000);
});

test("colours and marks follow the codes", () => {
  assert.deepEqual(styles("\x1b[31mred\x1b[1mbold\x1b[0mplain"), [["red", "187, 0, 0", []], ["bold", "187, 0, 0", ["bold"]], ["plain", null, []]]);
  assert.deepEqual(styles("\x1b[38;5;208mx"), [["x", "255, 135, 0", []]]);
  assert.deepEqual(styles("\x1b[38:2::1:2:3mx"), [["x", "1, 2, 3", []]]);
  assert.deepEqual(styles("\x1b[1m\x1b[1m\x1b[22mx"), [["x", null, []]]);
});

test("an endless line is broken", () => {
  const lines = screen("x".repeat(250_000));
  assert.deepEqual(lines.map((line) => line.length), [100_000, 100_000, 50_000]);
});

test("arbitrary bytes never throw, and lines know their length", () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % below;
  const alphabet = ["\x1b[", "\x1b]", "m", "K", "A", "J", "G", "1", ";", "\n", "\r", "\b", "\t", "x", "é", "😀", "\x1b\\", "\x07", "\x9b", "\0"];
  for (let round = 0; round < 300; round++) {
    const terminal = new Terminal();
    for (let i = 0; i < 40; i++) terminal.write(alphabet[random(alphabet.length)] as string);
    for (const line of terminal.lines) assert.equal(line.length, line.runs.reduce((sum, run) => sum + run.text.length, 0));
  }
});

test("every colour can be read on both backgrounds", () => {
  for (const background of [[250, 250, 251], [13, 16, 21], [187, 0, 0], [128, 128, 128]] as const) {
    for (const color of [[0, 0, 0], [255, 255, 255], [255, 255, 85], [0, 0, 187], [118, 118, 118]] as const) {
      assert.ok(contrast(readable(color, background), background) >= 4.5);
    }
  }
});

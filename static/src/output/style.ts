// What SGR codes say about text, as small shared objects: equal styles are the same object.

import Anser from "anser";

export interface Style {
  /** `r, g, b`, or null for the terminal's own colour. */
  readonly fg: string | null;
  readonly bg: string | null;
  /** Sorted names: bold, dim, italic, underline, reverse, strikethrough. */
  readonly marks: readonly string[];
}

export const PLAIN: Style = { fg: null, bg: null, marks: [] };

const KNOWN = new Set(["bold", "dim", "italic", "underline", "reverse", "strikethrough"]);
/** More combinations than any program uses; beyond it text is plain. */
const MOST = 4096;
const shared = new Map<string, Style>([["||", PLAIN]]);

function share(fg: string | null, bg: string | null, marks: string[]): Style {
  const key = `${fg ?? ""}|${bg ?? ""}|${marks.join(" ")}`;
  const known = shared.get(key);
  if (known || shared.size >= MOST) return known ?? PLAIN;
  const style = { fg, bg, marks };
  shared.set(key, style);
  return style;
}

/** Anser's parser, which keeps its state between codes in fields it does not declare. */
interface Parser {
  fg: string | null;
  bg: string | null;
  decorations: string[];
  processChunkJson(text: string, options: object, markup: boolean): unknown;
}

/** Follows SGR codes; `style` is what holds for the text that comes next. */
export class Sgr {
  #parser = new Anser() as unknown as Parser;
  style: Style = PLAIN;

  /** `parameters` is what stands between `ESC [` and `m`. */
  apply(parameters: string): void {
    // Colons separate sub-parameters in newer programs (38:2::r:g:b).
    const plain = parameters.replace(/38:2::?|48:2::?/g, (code) => `${code.slice(0, 2)};2;`).replaceAll(":", ";");
    this.#parser.processChunkJson(`${plain}m`, { json: true }, true);
    const marks = [...new Set(this.#parser.decorations)].filter((mark) => KNOWN.has(mark)).sort();
    // Anser adds a mark each time it is named; without this a long output would grow the list.
    this.#parser.decorations = [...marks];
    this.style = share(this.#parser.fg, this.#parser.bg, marks);
  }

  /** A parser that goes on from here. */
  copy(): Sgr {
    const copy = new Sgr();
    copy.#parser.fg = this.#parser.fg;
    copy.#parser.bg = this.#parser.bg;
    copy.#parser.decorations = [...this.#parser.decorations];
    copy.style = this.style;
    return copy;
  }
}

// Markdown of strangers as document nodes: read by marked, and made here one by one. Nothing is ever parsed as HTML.

import { Marked, type Token, type Tokens } from "marked";
import { useLayoutEffect, useRef } from "preact/hooks";
import { visible } from "../format";
import { extension } from "./mention";

/** HTML in a message is text: who writes `Vec<T>` means it. */
const marked = new Marked({ gfm: true, breaks: true, tokenizer: { html: () => undefined, tag: () => undefined }, extensions: [extension] });
/** Longer messages are shown as they are. */
const LONGEST = 40_000;
/** Where a link may lead. */
const SCHEMES = ["https:", "http:", "mailto:"];
/** The characters that have a name in XML, and the space of HTML; others are written as they are. */
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };
const REFERENCE = /&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(amp|lt|gt|quot|apos|nbsp));/g;

type Nodes = (Node | string)[];

/** A text as nodes; as it was written where it is nested too deeply to be read. */
export function markdown(text: string): Nodes {
  try {
    return nodes(marked.lexer(text));
  } catch {
    return [text];
  }
}

function nodes(tokens: readonly Token[] = []): Nodes {
  return tokens.flatMap((token) => ofBlock(token as Tokens.Generic) ?? ofWords(token as Tokens.Generic) ?? token.raw);
}

function ofBlock(token: Tokens.Generic): Nodes | undefined {
  switch (token.type) {
    case "space": case "def": return [];
    case "paragraph": return [element("p", nodes(token.tokens))];
    // It has no say in the outline of the page.
    case "heading": return [element("p", nodes(token.tokens), { className: "md-heading" })];
    case "blockquote": return [element("blockquote", nodes(token.tokens))];
    case "hr": return [element("hr")];
    case "code": return [element("pre", [code(token as Tokens.Code)], { tabIndex: 0 })];
    case "list": return [list(token as Tokens.List)];
    case "table": return [element("div", [table(token as Tokens.Table)], { className: "md-table", tabIndex: 0 })];
    default: return undefined;
  }
}

function ofWords(token: Tokens.Generic): Nodes | undefined {
  switch (token.type) {
    case "text": return token.tokens ? nodes(token.tokens) : [decoded(token.text)];
    case "escape": return [token.text];
    case "strong": case "em": case "del": return [element(token.type, nodes(token.tokens))];
    case "codespan": return [code(token as Tokens.Codespan)];
    case "br": return [element("br")];
    // Pictures are not loaded.
    case "link": case "image": return link(token as Tokens.Link);
    case "mention": return [element("mark", [token.raw])];
    case "checkbox": return [element("input", [], { type: "checkbox", checked: token.checked, disabled: true, ariaLabel: token.checked ? "done" : "to do" })];
    default: return undefined;
  }
}

/** Code is read letter by letter: nothing in it may be turned around or hidden. */
function code({ text }: { text: string }): Node {
  return element("code", [visible(text)]);
}

function link({ href, title, tokens, autolink }: Tokens.Link): Nodes {
  const to = autolink ? href : decoded(href);
  if (!URL.canParse(to) || !SCHEMES.includes(new URL(to).protocol)) return nodes(tokens);
  return [element("a", nodes(tokens), { href: to, title: decoded(title ?? ""), target: "_blank", rel: "noopener noreferrer nofollow" })];
}

function list({ ordered, start, items }: Tokens.List): Node {
  const rows = items.map((item) => element("li", nodes(item.tokens)));
  return ordered ? element("ol", rows, { start: Number(start) }) : element("ul", rows);
}

function table({ header, rows }: Tokens.Table): Node {
  const row = (cells: readonly Tokens.TableCell[]) => element("tr", cells.map(cell));
  return element("table", [element("thead", [row(header)]), element("tbody", rows.map(row))]);
}

function cell({ header, align, tokens, text }: Tokens.TableCell): Node {
  const made = element(header && text ? "th" : "td", nodes(tokens));
  if (align) made.setAttribute("align", align);
  return made;
}

/** A text with its character references resolved. */
function decoded(text: string): string {
  return text.replace(REFERENCE, (raw, decimal?: string, hex?: string, name?: string) => {
    if (name) return NAMED[name] as string;
    const code = decimal ? Number.parseInt(decimal, 10) : Number.parseInt(hex as string, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : raw;
  });
}

function element<K extends keyof HTMLElementTagNameMap>(name: K, children: Nodes = [], properties: Partial<HTMLElementTagNameMap[K]> = {}): HTMLElement {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export function Markdown({ text }: { text: string }) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    ref.current?.replaceChildren(...(text.length <= LONGEST ? markdown(text) : [text]));
  }, [text]);
  return <div class="md" ref={ref} />;
}

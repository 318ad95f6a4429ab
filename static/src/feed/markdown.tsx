// Markdown of strangers as document nodes: parsed by marked, cleaned by DOMPurify, links opened apart.

import DOMPurify from "dompurify";
import { Marked } from "marked";
import { useLayoutEffect, useRef } from "preact/hooks";
import { visible } from "../format";
import { extension } from "./mention";

/** HTML in a message is text: who writes `Vec<T>` means it. */
const marked = new Marked({ gfm: true, breaks: true, tokenizer: { html: () => undefined, tag: () => undefined }, extensions: [extension] });
/** Longer messages are shown as they are. */
const LONGEST = 40_000;

const ALLOWED = [
  "p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "a", "hr",
  "mark", "h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td", "input",
];

/** Headings in a message stand below the page's own. */
const HEADING = /^H[1-6]$/;

export function fragment(text: string): DocumentFragment {
  const html = marked.parse(text, { async: false });
  const nodes = DOMPurify.sanitize(html, {
    ALLOWED_TAGS: ALLOWED,
    ALLOWED_ATTR: ["href", "title", "start", "align", "type", "checked", "disabled"],
    // Its pattern holds for every attribute but these.
    ADD_URI_SAFE_ATTR: ["start", "align", "type"],
    ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const link of nodes.querySelectorAll("a")) {
    if (!link.href) link.replaceWith(...link.childNodes);
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
  for (const box of nodes.querySelectorAll("input")) {
    if (box.type !== "checkbox") box.remove();
    box.setAttribute("aria-label", box.checked ? "done" : "to do");
  }
  // Code is read letter by letter: nothing in it may be turned around or hidden.
  for (const code of nodes.querySelectorAll("code")) code.textContent = visible(code.textContent ?? "");
  for (const element of nodes.querySelectorAll("*")) {
    if (HEADING.test(element.tagName)) {
      become(element, "p").className = "md-heading";
    } else if (element.tagName === "TH" && !element.textContent) {
      become(element, "td");
    } else if (element.tagName === "PRE") {
      (element as HTMLElement).tabIndex = 0;
    } else if (element.tagName === "TABLE") {
      const box = document.createElement("div");
      box.className = "md-table";
      box.tabIndex = 0;
      element.replaceWith(box);
      box.append(element);
    }
  }
  return nodes;
}

/** Puts an element of another kind in the place of one. */
function become(element: Element, kind: "p" | "td"): HTMLElement {
  const other = document.createElement(kind);
  other.append(...element.childNodes);
  element.replaceWith(other);
  return other;
}

export function Markdown({ text }: { text: string }) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (text.length <= LONGEST) ref.current?.replaceChildren(fragment(text));
    else if (ref.current) ref.current.textContent = text;
  }, [text]);
  return <div class="md" ref={ref} />;
}

// How people address somebody in a message: `@name`, at the start of a word.

/** A name ends with a letter or digit, so that a sentence may end after it. */
const NAME = "@([a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?)(?![a-z0-9])";
const ANYWHERE = new RegExp(`(?<![\\w\`./-])${NAME}`, "g");
const HERE = new RegExp(`^${NAME}`);
const MOST = 32;

/** Whom a text addresses, each once. */
export function mentions(text: string): string[] {
  return [...new Set([...text.matchAll(ANYWHERE)].map((match) => match[1] as string))].slice(0, MOST);
}

/** Marks them in Markdown. */
export const extension = {
  name: "mention",
  level: "inline" as const,
  start: (source: string) => {
    const index = source.search(ANYWHERE);
    return index < 0 ? undefined : index;
  },
  tokenizer: (source: string) => {
    const [raw] = HERE.exec(source) ?? [];
    return raw === undefined ? undefined : { type: "mention", raw };
  },
};

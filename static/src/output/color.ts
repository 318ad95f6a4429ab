// Terminal colours that can be read: each is moved towards black or white until it stands out 4.5:1 from
// what is behind it, for the light and the dark theme. Styles become classes of one constructed sheet.

import { PLAIN, type Style } from "./style.js";

type Rgb = readonly [number, number, number];

/** `--term-bg` in `css/tokens.css`. */
const BACKGROUND = { light: [250, 250, 251], dark: [13, 16, 21] } as const satisfies Record<string, Rgb>;
const MINIMUM = 4.5;

export function luminance([r, g, b]: Rgb): number {
  const linear = (value: number) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

export function contrast(one: Rgb, other: Rgb): number {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** `color`, or the nearest to it on the way to white or black that can be read on `background`. */
export function readable(color: Rgb, background: Rgb): Rgb {
  const goal: Rgb = contrast([255, 255, 255], background) > contrast([0, 0, 0], background) ? [255, 255, 255] : [0, 0, 0];
  for (let step = 0; step <= 20; step++) {
    const mixed = color.map((value, i) => Math.round(value + ((goal[i] as number) - value) * (step / 20))) as unknown as Rgb;
    if (contrast(mixed, background) >= MINIMUM) return mixed;
  }
  return goal;
}

function parse(text: string): Rgb {
  const [r = 0, g = 0, b = 0] = text.split(",").map(Number);
  return [r, g, b];
}

function pair(light: Rgb, dark: Rgb): string {
  return `light-dark(rgb(${light.join(" ")}), rgb(${dark.join(" ")}))`;
}

/** The declarations for a style. */
export function declarations(style: Style): string {
  const reverse = style.marks.includes("reverse");
  const [fg, bg] = reverse ? [style.bg, style.fg] : [style.fg, style.bg];
  const text = { light: [31, 35, 40], dark: [215, 221, 229] } as const;
  const behind = (theme: "light" | "dark"): Rgb => (bg ? parse(bg) : reverse ? text[theme] : BACKGROUND[theme]);
  const front = (theme: "light" | "dark"): Rgb => readable(fg ? parse(fg) : reverse ? BACKGROUND[theme] : text[theme], behind(theme));
  let css = "";
  if (fg || bg || reverse) css += `color:${pair(front("light"), front("dark"))};`;
  if (bg || reverse) css += `background:${pair(behind("light"), behind("dark"))};`;
  if (style.marks.includes("bold")) css += "font-weight:600;";
  if (style.marks.includes("italic")) css += "font-style:italic;";
  const lines = [style.marks.includes("underline") && "underline", style.marks.includes("strikethrough") && "line-through"].filter(Boolean);
  if (lines.length) css += `text-decoration:${lines.join(" ")};`;
  return css;
}

const classes = new Map<Style, string>([[PLAIN, ""]]);
let sheet: CSSStyleSheet | undefined;

/** The class that shows `style`; made when it is first asked for. */
export function classOf(style: Style): string {
  const known = classes.get(style);
  if (known !== undefined) return known;
  if (!sheet) {
    sheet = new CSSStyleSheet();
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  }
  const name = `t${classes.size}`;
  sheet.insertRule(`.${name}{${declarations(style)}}`, sheet.cssRules.length);
  classes.set(style, name);
  return name;
}

// How dense pages are and whether single keys do something; remembered on this device.

import { effect, signal } from "@preact/signals";

export type Density = "comfortable" | "compact";

const DENSITY = "gc.density";
const SHORTCUTS = "gc.shortcuts";

export const density = signal<Density>(localStorage.getItem(DENSITY) === "compact" ? "compact" : "comfortable");

/** Single keys, as `?`; those with Ctrl or ⌘ always work. */
export const shortcuts = signal(localStorage.getItem(SHORTCUTS) !== "off");

effect(() => {
  document.documentElement.dataset.density = density.value;
  if (density.value === "comfortable") localStorage.removeItem(DENSITY);
  else localStorage.setItem(DENSITY, density.value);
});

effect(() => {
  if (shortcuts.value) localStorage.removeItem(SHORTCUTS);
  else localStorage.setItem(SHORTCUTS, "off");
});

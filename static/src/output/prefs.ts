// How this browser shows output; kept between visits.

import { effect, signal } from "@preact/signals";

export interface Prefs {
  wrap: boolean;
  numbers: boolean;
  times: boolean;
}

const KEY = "gc.output";
const DEFAULT: Prefs = { wrap: false, numbers: true, times: false };

function load(): Prefs {
  try {
    return { ...DEFAULT, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Prefs>) };
  } catch {
    return DEFAULT;
  }
}

export const prefs = signal<Prefs>(load());

export function toggle(name: keyof Prefs): void {
  prefs.value = { ...prefs.value, [name]: !prefs.value[name] };
}

effect(() => localStorage.setItem(KEY, JSON.stringify(prefs.value)));

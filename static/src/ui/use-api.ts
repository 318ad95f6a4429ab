// What the API says of a path, as state: loaded when it is first shown, and again while somebody looks.

import { HubError } from "@generic-corp/client";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import * as api from "../api";

export interface Loaded<T> {
  data: T | undefined;
  error: HubError | undefined;
  reload: () => Promise<void>;
}

/** Loads by `load`, anew when `key` changes and every `everyMs`; without a key nothing is asked. */
export function useLoad<T>(key: string | undefined, load: () => Promise<T>, everyMs?: number): Loaded<T> {
  const [state, setState] = useState<{ key: string | undefined; data?: T; error?: HubError }>({ key });
  const turn = useRef(0);
  const latest = useRef(load);
  latest.current = load;
  const reload = useCallback(async () => {
    if (key === undefined) return;
    const mine = ++turn.current;
    try {
      const data = await latest.current();
      if (mine === turn.current) setState({ key, data });
    } catch (cause) {
      if (!(cause instanceof HubError)) throw cause;
      // What was loaded before stays in view.
      if (mine === turn.current) setState((old) => ({ ...(old.key === key ? old : { key }), error: cause }));
    }
  }, [key]);
  useEffect(() => {
    void reload();
    const timer = everyMs === undefined ? undefined : setInterval(() => !document.hidden && void reload(), everyMs);
    return () => {
      turn.current += 1;
      clearInterval(timer);
    };
  }, [reload, everyMs]);
  const mine = state.key === key;
  return { data: mine ? state.data : undefined, error: mine ? state.error : undefined, reload };
}

/** A path's JSON. */
export const useApi = <T>(path: string | undefined, everyMs?: number): Loaded<T> => useLoad(path, () => api.json<T>(path as string), everyMs);

/** A list with all its parts. */
export const useList = <T>(path: string | undefined, everyMs?: number): Loaded<T[]> => useLoad(path, () => api.all<T>(path as string), everyMs);

export interface Action {
  busy: boolean;
  error: HubError | undefined;
  /** Runs what was asked for, one at a time; `true` when it went well. */
  run: (work: () => Promise<unknown>) => Promise<boolean>;
}

/** Something a person does, with what came of it. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<HubError>();
  const run = useCallback(async (work: () => Promise<unknown>) => {
    setBusy(true);
    setError(undefined);
    try {
      await work();
      return true;
    } catch (cause) {
      if (!(cause instanceof HubError)) throw cause;
      setError(cause);
      return false;
    } finally {
      setBusy(false);
    }
  }, []);
  return { busy, error, run };
}

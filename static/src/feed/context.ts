// What rows need to know of where they stand, without being handed it one by one.

import type { RoomEvent } from "@generic-corp/client";
import { createContext } from "preact";
import { useContext } from "preact/hooks";

export interface Place {
  workspace: string;
  /** The room's address. */
  address: string;
  open: (stream: string) => void;
  jump: (seq: number) => void;
  /** Begins an answer; not where nothing can be written. */
  answer?: ((event: RoomEvent) => void) | undefined;
}

const context = createContext<Place>({ workspace: "", address: "", open: () => undefined, jump: () => undefined });

export const PlaceProvider = context.Provider;

export const usePlace = (): Place => useContext(context);

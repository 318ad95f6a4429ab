// Tells those who cannot see the feed that something came: seldom, and only how much.

import { useEffect, useRef, useState } from "preact/hooks";
import * as format from "../format";
import type { RoomModel } from "./model";

const EVERY_MS = 5_000;

export function Announcer({ model }: { model: RoomModel }) {
  const [text, setText] = useState("");
  const told = useRef<number | undefined>(undefined);
  useEffect(() => {
    const timer = setInterval(() => {
      const { head } = model.window;
      const fresh = told.current === undefined ? 0 : head - told.current;
      told.current = head;
      setText(fresh > 0 ? format.plural(fresh, "new message") : "");
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [model]);
  return <p class="sr-only" role="status">{text}</p>;
}

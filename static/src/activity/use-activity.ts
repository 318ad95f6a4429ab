// The activity of the workspace in view, as long as a page that shows it is open.

import { useLayoutEffect, useState } from "preact/hooks";
import * as connection from "../hub";
import { Activity } from "./activity";

export function useActivity(workspace: string): Activity | undefined {
  const hub = connection.hub.value;
  const [activity, setActivity] = useState<Activity>();
  // Rooms are left before the page that comes next joins one of them: an effect after the paint is undone too late.
  useLayoutEffect(() => {
    if (!hub) return;
    const next = new Activity(hub, workspace);
    setActivity(next);
    return () => next.close();
  }, [hub, workspace]);
  return activity;
}

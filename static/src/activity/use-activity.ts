// The activity of the workspace in view, as long as a page that shows it is open.

import { useEffect, useState } from "preact/hooks";
import * as connection from "../hub";
import { Activity } from "./activity";

export function useActivity(workspace: string): Activity | undefined {
  const hub = connection.hub.value;
  const [activity, setActivity] = useState<Activity>();
  useEffect(() => {
    if (!hub) return;
    const next = new Activity(hub, workspace);
    setActivity(next);
    return () => next.close();
  }, [hub, workspace]);
  return activity;
}

// Starts the dashboard.

import "uplot/dist/uPlot.min.css";
import "./css/tokens.css";
import "./css/base.css";
import "./css/controls.css";
import "./css/icons.css";
import "./css/entry.css";
import "./css/shell.css";
import "./css/pages.css";
import "./css/screens.css";
import "./css/feed.css";
import "./css/output.css";
import "./css/replay.css";
import "./theme";
import "./preferences";
import { render } from "preact";
import { App } from "./views/app";

render(<App />, document.getElementById("app") as HTMLElement);

// The screens beside the room, which are loaded when the first of them is opened.

export { AgentPage } from "./agents/agent";
export { Agents } from "./agents/agents";
export { ConnectionsPage } from "./agents/connections";
export { Audit } from "./audit";
export { ClusterPage } from "./cluster";
export { KeysPage } from "./keys/keys";
export { Members } from "./members/members";
export { Overview } from "./overview";
export { Overlay } from "./palette/palette";
export { SearchPage } from "./search";
export { Account } from "./settings/account";
export { OrganizationSettings } from "./settings/organization";
export { WorkspaceSettings } from "./settings/workspace";
export { Usage } from "./usage/usage";

//! Organizations, workspaces, rooms, agents: who owns what, and who may touch it.

mod agent;
mod api_key;
mod entry;
mod error;
mod founding;
mod invite;
mod member;
mod organization;
pub mod permission;
mod registration;
mod removal;
mod room;
pub mod scope;
mod service;
mod webhook;
mod workspace;
mod workspace_member;

pub use entry::EntryRules;
pub use error::Error;
pub use founding::Administrator;
pub use member::operator;
pub use organization::OrganizationScope;
pub use permission::Permission;
pub use registration::{Kept, Pending};
pub use scope::Scope;
pub use service::{MAX_PAGE, Page, Tenants};

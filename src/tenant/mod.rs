//! Organizations, workspaces, rooms, agents: who owns what, and who may touch it.

mod agent;
mod entry;
mod error;
mod founding;
mod invite;
mod member;
mod organization;
pub mod permission;
mod registration;
mod role;
mod room;
pub mod scope;
mod service;
mod workspace;

pub use entry::EntryRules;
pub use error::Error;
pub use founding::Administrator;
pub use member::operator;
pub use organization::OrganizationScope;
pub use permission::Permission;
pub use registration::{Kept, Pending};
pub use role::Role;
pub use scope::Scope;
pub use service::{MAX_PAGE, Page, Tenants};

//! Organizations, workspaces, rooms, agents: who owns what, and who may touch it.

pub mod scope;

pub use scope::Scope;

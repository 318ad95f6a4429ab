//! What every test needs: a hub, somebody to talk to it, and patience with an end.

pub mod browser;
pub mod bystanders;
pub mod certificate;
pub mod cluster;
pub mod database;
pub mod http;
pub mod people;
pub mod process;
pub mod provider;
pub mod proxy;
pub mod receiver;
pub mod redis;
pub mod rest;
pub mod server;
pub mod signer;
pub mod silent;
pub mod smtp;
pub mod socket;
pub mod stripe;
pub mod tcp;
pub mod wait;

pub use bystanders::Bystanders;
pub use rest::Rest;
pub use server::TestServer;
pub use socket::{Received, Socket};
pub use wait::{PATIENCE, eventually, within};

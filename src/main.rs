//! The command line of generic-corp.
fn main() {}

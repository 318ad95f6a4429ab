//! Planted violations, each of which is found.

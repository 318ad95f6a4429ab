//! Where a viewer's bytes go.

/// The socket of a viewer, as its worker sees it.
pub trait Outlet {
    /// Writes what the viewer's cursors have, as far as the socket takes it without waiting.
    fn flush(&self);
}

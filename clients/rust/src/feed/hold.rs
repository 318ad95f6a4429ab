//! A handle's hold on a feed: when it is dropped, the connection lets go too.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// Something the connection feeds until its handle is dropped.
pub(crate) trait Feed {
    /// Set once the handle is gone.
    fn released(&self) -> &AtomicBool;

    fn is_released(&self) -> bool {
        self.released().load(Ordering::Acquire)
    }
}

/// The handle's end of a feed.
#[derive(Debug)]
pub(crate) struct Hold<F: Feed> {
    feed: Arc<F>,
    wake: Arc<Notify>,
}

impl<F: Feed> Hold<F> {
    pub(crate) fn new(feed: Arc<F>, wake: Arc<Notify>) -> Self {
        Self { feed, wake }
    }

    pub(crate) fn share(&self) -> Arc<F> {
        self.feed.clone()
    }

    /// Makes the connection look at the feed.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }
}

impl<F: Feed> Deref for Hold<F> {
    type Target = F;
    fn deref(&self) -> &F {
        &self.feed
    }
}

impl<F: Feed> Drop for Hold<F> {
    fn drop(&mut self) {
        self.feed.released().store(true, Ordering::Release);
        self.wake.notify_one();
    }
}

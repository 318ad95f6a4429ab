//! The requests a client builds: publish, history, join, open, read. Each is awaited to be sent.

mod history;
mod join;
mod publish;
mod stream;

pub use history::History;
pub use join::JoinRoom;
pub use publish::Publish;
pub use stream::{OpenStream, ReadStream};

use crate::Error;
use generic_corp_protocol::Slug;
use std::future::Future;
use std::pin::Pin;

type Boxed<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

fn name(text: &str) -> Result<Slug, Error> {
    Slug::parse(text)
        .map_err(|error| Error::Invalid(format!("`{}` is no name: {error}", text.escape_debug())))
}

fn new_key() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

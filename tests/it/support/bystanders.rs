//! Two others in the room, whom nothing that somebody does wrong may touch.

use super::{Socket, TestServer};

/// See the module.
pub struct Bystanders {
    room: String,
    speaker: Socket,
    listener: Socket,
    head: u64,
}

impl Bystanders {
    /// They come in and listen.
    pub async fn join(hub: &TestServer, room: &str) -> Self {
        let key = hub.key("bystander").await;
        let (speaker, mut listener) = (hub.connect(&key).await, hub.connect(&key).await);
        let head = listener.join(room).await.head;
        Self {
            room: room.to_owned(),
            speaker,
            listener,
            head,
        }
    }

    /// What one says is the next event of the log, and the next that the other hears.
    pub async fn undisturbed(&mut self) {
        self.head += 1;
        let seq = self.speaker.say(&self.room, "undisturbed").await;
        assert_eq!(seq, self.head, "something else stands in the log");
        assert_eq!(self.listener.event().await.seq, self.head);
    }
}

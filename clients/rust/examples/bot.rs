//! A bot that answers and streams when it is mentioned.

use generic_corp_client::protocol::StreamOutcome;
use generic_corp_client::{Client, Error, RoomItem};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let url = std::env::var("GENERIC_CORP_URL").unwrap_or("http://127.0.0.1:8080".into());
    let hub = Client::builder(url, "main").api_key_env().connect().await?;
    let me = hub.welcome().map(|welcome| welcome.you.name.clone());
    let mut lobby = hub.join("lobby").await?;
    loop {
        let RoomItem::Event(event) = lobby.next().await? else {
            continue;
        };
        let mut mentioned = event.mentions.iter().map(|name| name.to_string());
        if mentioned.any(|name| Some(name) == me) {
            hub.say("lobby", "I read you").reply_to(event.seq).await?;
            let mut out = hub.open_stream("lobby", "counting to three").await?;
            out.write(b"1\n2\n3\n").await?;
            out.close(StreamOutcome::Completed, Some(0)).await?;
        }
    }
}

//! `publish`: one event, acknowledged.

use super::HubArgs;
use anyhow::Context as _;
use clap::Args;
use generic_corp_protocol::Slug;
use serde_json::value::RawValue;
use std::io::Read as _;

/// More than a frame carries, so that the hub's limit is told by the hub.
const MAX_INPUT_BYTES: u64 = 1024 * 1024;

/// Arguments of `publish`.
#[derive(Args, Debug)]
pub struct PublishArgs {
    /// Room to publish in.
    room: Slug,
    /// Text; `-` reads standard input.
    text: String,
    /// Kind of the event.
    #[arg(long, default_value = "message")]
    kind: String,
    /// The text is the whole body as JSON, not a message's text.
    #[arg(long)]
    json: bool,
    /// Answer to the event with this number.
    #[arg(long, value_name = "SEQ")]
    reply_to: Option<u64>,
    /// Idempotency key: publishing again with the same key and content changes nothing.
    #[arg(long)]
    key: Option<String>,
    #[command(flatten)]
    hub: HubArgs,
}

/// Publishes, and prints the event's number.
pub async fn run(args: PublishArgs) -> anyhow::Result<()> {
    let text = match args.text.as_str() {
        "-" => read_input()?,
        text => text.to_owned(),
    };
    let body = body(&text, args.json)?;
    let names = mentions(if args.json { "" } else { &text });
    let explain = |error| args.hub.explain(error);
    let client = args.hub.connect().await?;
    let mut publish = client
        .publish(&args.room, &args.kind, &body)
        .mentions(names);
    if let Some(seq) = args.reply_to {
        publish = publish.reply_to(seq);
    }
    if let Some(key) = args.key {
        publish = publish.key(key);
    }
    let published = publish.await.map_err(explain)?;
    client.close().await;
    if let Some(seq) = published.seq {
        println!("{seq}");
    }
    Ok(())
}

fn read_input() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(MAX_INPUT_BYTES)
        .read_to_string(&mut text)
        .context("cannot read standard input as UTF-8 text")?;
    Ok(text)
}

fn body(text: &str, json: bool) -> anyhow::Result<Box<RawValue>> {
    if json {
        return RawValue::from_string(text.trim().to_owned()).context("the body is no JSON");
    }
    let text = text.trim_end_matches(['\n', '\r']);
    anyhow::ensure!(!text.is_empty(), "the text is empty; nothing was published");
    let body = serde_json::json!({ "text": text });
    Ok(serde_json::value::to_raw_value(&body)?)
}

/// The names after an `@` in a text: who is addressed.
pub fn mentions(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices('@') {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '`') {
            continue;
        }
        let rest = &text[at + 1..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
            .unwrap_or(rest.len());
        let name = rest[..end].trim_end_matches(['.', '-', '_']).to_lowercase();
        if Slug::parse(&name).is_ok() && !names.contains(&name) {
            names.push(name);
        }
    }
    names.truncate(generic_corp_protocol::limit::MAX_MENTIONS);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_after_an_at_are_mentions() {
        let text = "@sable and (@Yuki.), mail a@b.example, `@code`, @, @sable again";
        assert_eq!(mentions(text), ["sable", "yuki"]);
    }

    #[test]
    fn bodies_are_text_or_json() {
        assert_eq!(body("hi\n", false).expect("text").get(), r#"{"text":"hi"}"#);
        assert_eq!(body(" [1.0] ", true).expect("json").get(), "[1.0]");
        assert!(body("", false).is_err());
        assert!(body("{", true).is_err());
    }
}

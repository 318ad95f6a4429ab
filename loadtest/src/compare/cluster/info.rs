//! What Redis has counted, by `INFO`.

use anyhow::{Context as _, bail};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The longest answer that is believed.
const MAX_BYTES: usize = 1 << 20;

/// See the module.
pub struct Info {
    /// Commands since it started.
    pub commands: f64,
    /// Bytes that came over the network.
    pub bytes_in: f64,
    /// Bytes that went out.
    pub bytes_out: f64,
    /// Processor time in microseconds.
    pub cpu_us: f64,
    /// Calls by command.
    pub calls: BTreeMap<String, f64>,
    /// What this question and its answer add to the next one.
    own: (f64, f64),
}

const QUESTION: &[u8] = b"INFO everything\r\n";

impl Info {
    /// Asks the Redis at this address.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn of(redis: SocketAddr) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(redis).await.context("Redis")?;
        stream.write_all(QUESTION).await?;
        let mut answer = Vec::new();
        loop {
            if let Some(text) = whole(&answer) {
                return Ok(Self::parse(text, answer.len()));
            }
            if answer.len() > MAX_BYTES || stream.read_buf(&mut answer).await? == 0 {
                bail!("Redis did not answer INFO");
            }
        }
    }

    fn parse(text: &str, length: usize) -> Self {
        let pairs = || text.lines().filter_map(|line| line.split_once(':'));
        let number = |name: &str| {
            let value = pairs()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value);
            value
                .and_then(|value| value.trim().parse().ok())
                .unwrap_or(0.0)
        };
        let calls = pairs().filter_map(|(key, value)| {
            let calls = value.strip_prefix("calls=")?.split(',').next()?;
            Some((
                key.strip_prefix("cmdstat_")?.to_owned(),
                calls.parse().ok()?,
            ))
        });
        Self {
            commands: number("total_commands_processed"),
            bytes_in: number("total_net_input_bytes"),
            bytes_out: number("total_net_output_bytes"),
            cpu_us: (number("used_cpu_user") + number("used_cpu_sys")) * 1e6,
            calls: calls.collect(),
            own: (QUESTION.len() as f64, length as f64),
        }
    }

    /// What came since then, the question itself left out.
    pub fn since(&self, then: &Self) -> Self {
        let mut calls = self.calls.clone();
        for (name, before) in &then.calls {
            *calls.entry(name.clone()).or_default() -= before;
        }
        *calls.entry("info".to_owned()).or_default() -= 1.0;
        calls.retain(|_, calls| *calls > 0.0);
        Self {
            commands: self.commands - then.commands - 1.0,
            bytes_in: self.bytes_in - then.bytes_in - then.own.0,
            bytes_out: self.bytes_out - then.bytes_out - then.own.1,
            cpu_us: self.cpu_us - then.cpu_us,
            calls,
            own: (0.0, 0.0),
        }
    }
}

/// The text of a bulk string, once it is there.
fn whole(answer: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(answer).ok()?;
    let (head, rest) = text.strip_prefix('$')?.split_once("\r\n")?;
    rest.get(..head.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_once_it_is_whole() {
        assert_eq!(
            (whole(b"$5\r\nabc"), whole(b"$3\r\nabc\r\n")),
            (None, Some("abc"))
        );
    }

    #[test]
    fn the_question_does_not_count() {
        let text = |commands: u32, publish: u32| {
            format!(
                "# Stats\r\ntotal_commands_processed:{commands}\r\ntotal_net_output_bytes:{}\r\n\
                 cmdstat_publish:calls={publish},usec=1\r\ncmdstat_info:calls={commands},usec=2\r\n",
                commands * 100
            )
        };
        let (before, after) = (Info::parse(&text(1, 0), 70), Info::parse(&text(2, 4), 70));
        let since = after.since(&before);
        assert_eq!((since.commands, since.bytes_out), (0.0, 30.0));
        assert_eq!(since.calls, BTreeMap::from([("publish".to_owned(), 4.0)]));
    }
}

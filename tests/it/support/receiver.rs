//! A receiver of webhooks for one test, on a port of its own: answers as it is told and keeps what came.

use super::wait::eventually;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// One message.
#[derive(Clone, Debug)]
pub struct Message {
    /// The path.
    pub path: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Message {
    /// The value of a header.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        &found.unwrap_or_else(|| panic!("no {name} in {self:?}")).1
    }
}

#[derive(Default)]
struct Inbox {
    messages: Mutex<Vec<Message>>,
    /// Answers to come, the next one first; then 204.
    answers: Mutex<Vec<String>>,
}

/// See the module.
pub struct Receiver {
    address: SocketAddr,
    inbox: Arc<Inbox>,
    task: tokio::task::JoinHandle<()>,
}

impl Receiver {
    /// Listens; the first answers are these: `500 Busy`, or more lines of a head.
    pub async fn start(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let inbox = Arc::new(Inbox::default());
        let mut first: Vec<String> = answers.iter().map(|&answer| answer.to_owned()).collect();
        first.reverse();
        *inbox.answers.lock().expect("whole") = first;
        let shared = Arc::clone(&inbox);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inbox = Arc::clone(&shared);
                tokio::spawn(async move {
                    // Who goes away ends its own conversation alone.
                    let _ = take(stream, &inbox).await;
                });
            }
        });
        Self {
            address,
            inbox,
            task,
        }
    }

    /// Where it listens.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many came.
    pub fn count(&self) -> usize {
        self.inbox.messages.lock().expect("whole").len()
    }

    /// The message of this number, when it has come.
    pub async fn message(&self, number: usize) -> Message {
        eventually("a message comes", async || {
            self.inbox
                .messages
                .lock()
                .expect("whole")
                .get(number)
                .cloned()
        })
        .await
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(stream: TcpStream, inbox: &Inbox) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim().split_once(": ") else {
            break;
        };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, length)| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let answer = inbox.answers.lock().expect("whole").pop();
    let answer = answer.unwrap_or_else(|| "204 No Content".to_owned());
    inbox.messages.lock().expect("whole").push(Message {
        path,
        headers,
        body,
    });
    let head = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await
}

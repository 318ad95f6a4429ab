//! A mail server of one test, on a port of its own: takes letters by SMTP, or refuses them as real ones do.

use super::wait::eventually;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What it knows of a letter.
#[derive(Clone, Debug)]
pub struct Received {
    /// The address it was for.
    pub to: String,
    /// Headers and text.
    pub text: String,
}

#[derive(Default)]
struct Inbox {
    letters: Mutex<Vec<Received>>,
    busy: AtomicUsize,
    attempts: AtomicUsize,
}

/// See the module.
pub struct Smtp {
    address: SocketAddr,
    inbox: Arc<Inbox>,
    task: tokio::task::JoinHandle<()>,
}

impl Smtp {
    /// Listens; the first `busy` letters are to be sent again later. `nobody@…` is refused for good.
    pub async fn start(busy: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let inbox = Arc::new(Inbox::default());
        inbox.busy.store(busy, Ordering::SeqCst);
        let shared = Arc::clone(&inbox);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inbox = Arc::clone(&shared);
                tokio::spawn(async move {
                    // A client that goes away ends its own conversation alone.
                    let _ = talk(stream, &inbox).await;
                });
            }
        });
        Self {
            address,
            inbox,
            task,
        }
    }

    /// What the hub's `mail.url` is.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// How often somebody tried to send a letter.
    pub fn attempts(&self) -> usize {
        self.inbox.attempts.load(Ordering::SeqCst)
    }

    /// The letters so far.
    pub fn letters(&self) -> Vec<Received> {
        self.inbox.letters.lock().expect("no panic").clone()
    }

    /// The letter number `n`, as soon as it is there.
    pub async fn letter(&self, n: usize) -> Received {
        eventually("a letter", async || self.letters().get(n).cloned()).await
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Received {
    /// The token of its link to this page.
    pub fn token(&self, page: &str) -> String {
        let (_, rest) = self.text.split_once(&format!("/{page}#")).expect("a link");
        rest.split_whitespace().next().expect("a token").to_owned()
    }
}

async fn talk(stream: TcpStream, inbox: &Inbox) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 mail.test ESMTP\r\n").await?;
    let mut to = String::new();
    while let Some(line) = lines.next_line().await? {
        let command = line.to_ascii_uppercase();
        let answer = if command.starts_with("RCPT TO") {
            inbox.attempts.fetch_add(1, Ordering::SeqCst);
            to = line.trim_start_matches(|c| c != '<').to_owned();
            to = to.trim_matches(['<', '>']).to_owned();
            match to.starts_with("nobody@") {
                true => "550 no such mailbox",
                false => "250 ok",
            }
        } else if command == "DATA" {
            write.write_all(b"354 go on\r\n").await?;
            let mut text = String::new();
            while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                text.push_str(&line);
                text.push('\n');
            }
            let busy = |left: usize| left.checked_sub(1);
            let refuse = inbox
                .busy
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, busy);
            if refuse.is_ok() {
                "451 busy, try again later"
            } else {
                let to = to.clone();
                let letter = Received { to, text };
                inbox.letters.lock().expect("no panic").push(letter);
                "250 taken"
            }
        } else if command == "QUIT" {
            write.write_all(b"221 bye\r\n").await?;
            return Ok(());
        } else {
            "250 ok"
        };
        write.write_all(answer.as_bytes()).await?;
        write.write_all(b"\r\n").await?;
    }
    Ok(())
}

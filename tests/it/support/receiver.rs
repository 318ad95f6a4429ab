//! A receiver of webhooks for one test, on a port of its own: answers as it is told and keeps what came.

use super::http::{Request, serve};
use super::wait::eventually;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

/// See the module.
pub struct Receiver {
    address: SocketAddr,
    messages: Arc<Mutex<Vec<Request>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Receiver {
    /// Listens; the first answers are these: `500 Busy`, or more lines of a head. Then 204.
    pub async fn start(answers: &[&str]) -> Self {
        let mut answers: Vec<String> = answers.iter().map(|&answer| answer.to_owned()).collect();
        answers.reverse();
        let answers = Mutex::new(answers);
        let messages = Arc::<Mutex<Vec<Request>>>::default();
        let kept = Arc::clone(&messages);
        let (address, task) = serve(move |request| {
            kept.lock().expect("whole").push(request);
            let answer = answers.lock().expect("whole").pop();
            let head = answer.unwrap_or_else(|| "204 No Content".into());
            ready((head, String::new()))
        })
        .await;
        Self {
            address,
            messages,
            task,
        }
    }

    /// Where it listens.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many came.
    pub fn count(&self) -> usize {
        self.messages.lock().expect("whole").len()
    }

    /// The message of this number, when it has come.
    pub async fn message(&self, number: usize) -> Request {
        eventually("a message comes", async || {
            self.messages.lock().expect("whole").get(number).cloned()
        })
        .await
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

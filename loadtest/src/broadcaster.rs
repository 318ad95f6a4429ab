//! The physical limit of fan-out: bare loops that write the same frames to the same number of sockets,
//! encoded once, with no protocol, no log and no cursors. They run in a process of their own, so that its
//! processor time can be told apart; each on a thread with a port and sockets of its own, as a hub's workers.
//!
//! The first connection to a port is the control: four bytes each time, how many messages go out in the next
//! write.

use crate::args::Broadcaster;
use crate::wire::{self, Stamp};
use anyhow::bail;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpSocket, TcpStream};

/// As the hub's sockets have it.
const SEND_BUFFER_BYTES: u32 = 131_072;
/// Digits of a message's `seq`, which is written over in the frame.
const DIGITS: usize = 12;

/// Starts the loops and says where each listens. They end with their controls.
///
/// # Errors
/// When a socket breaks.
pub fn run(options: &Broadcaster) -> anyhow::Result<()> {
    let threads = options.connections.iter().map(|connections| {
        let (connections, frame) = (*connections, Template::new(options.frame_bytes)?);
        Ok(std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(serve(connections, frame))
        }))
    });
    for thread in threads.collect::<anyhow::Result<Vec<_>>>()? {
        thread
            .join()
            .map_err(|_| anyhow::anyhow!("a loop panicked"))??;
    }
    Ok(())
}

/// Listens, waits for its sockets, and writes until the control ends.
async fn serve(connections: usize, frame: Template) -> anyhow::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let listener = socket.listen(4096)?;
    println!("{connections} sockets on {}", listener.local_addr()?);
    let (mut control, _) = listener.accept().await?;
    let mut sockets = Vec::with_capacity(connections);
    while sockets.len() < connections {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        sockets.push(socket);
    }
    let mut cast = Cast {
        sockets,
        frame,
        blob: Vec::new(),
        seq: 0,
    };
    while let Ok(frames) = control.read_u32().await {
        cast.write(frames).await?;
    }
    Ok(())
}

struct Cast {
    sockets: Vec<TcpStream>,
    frame: Template,
    blob: Vec<u8>,
    seq: u64,
}

impl Cast {
    /// Writes so many messages to every socket, in one write each.
    async fn write(&mut self, frames: u32) -> std::io::Result<()> {
        self.blob.clear();
        for _ in 0..frames {
            self.seq += 1;
            self.frame.append(self.seq, &mut self.blob);
        }
        for socket in &self.sockets {
            let mut rest = &self.blob[..];
            while !rest.is_empty() {
                match socket.try_write(rest) {
                    Ok(written) => rest = &rest[written..],
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                        socket.writable().await?
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }
}

/// A frame as the hub would write it, with a place for `seq`.
struct Template {
    bytes: Vec<u8>,
    at: usize,
}

impl Template {
    fn new(frame_bytes: usize) -> anyhow::Result<Self> {
        let head = r#"{"type":"event","room":"load","seq":"#;
        let rest = r#","time":"2026-01-01T00:00:00.000Z","sender":{"kind":"agent","name":"loadtest"},"kind":"message","body":"#;
        // The header of a frame of this size has 4 bytes.
        let around = 4 + head.len() + DIGITS + rest.len() + 1;
        let Some(size) = frame_bytes
            .checked_sub(around)
            .filter(|size| *size > 60 && frame_bytes < 65_536)
        else {
            bail!("a frame of {frame_bytes} bytes is none that the hub would write");
        };
        let body = wire::body(
            Stamp {
                sent_at: 0,
                number: 0,
            },
            size,
        );
        let payload = format!("{head}{:0DIGITS$}{rest}{body}}}", 0);
        let mut bytes = vec![0x81, 126];
        bytes.extend_from_slice(&(payload.len() as u16).to_be_bytes());
        bytes.extend_from_slice(payload.as_bytes());
        Ok(Self {
            bytes,
            at: 4 + head.len(),
        })
    }

    fn append(&self, seq: u64, out: &mut Vec<u8>) {
        let begin = out.len() + self.at;
        out.extend_from_slice(&self.bytes);
        let digits = format!("{seq:0DIGITS$}");
        out[begin..begin + DIGITS].copy_from_slice(digits.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_frames_have_the_size_and_the_place_that_was_asked_for() {
        let template = Template::new(455).expect("a size");
        let mut out = Vec::new();
        template.append(7, &mut out);
        template.append(8, &mut out);
        assert_eq!(out.len(), 2 * 455);
        let mut seen = Vec::new();
        wire::Splitter::default().feed(&out, |frame| {
            let event = wire::event(frame.payload).expect("an event");
            seen.push((event.seq, event.stamp.is_some()));
        });
        assert_eq!(seen, [(7, true), (8, true)]);
        assert!(Template::new(100).is_err());
    }
}

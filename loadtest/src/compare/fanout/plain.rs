//! The plain broadcaster, from the side that reads.
//!
//! Each of its threads is told by a control connection of its own, so that none has to wake another.

use super::{Flow, Round};
use crate::check::Viewer;
use crate::client::Lane;
use crate::process::Process;
use crate::socket::Socket;
use crate::wire;
use anyhow::Context as _;
use std::cell::RefCell;
use std::process::Stdio;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Messages before the first round.
const WARM_UP: u32 = 200;

/// See the module.
pub struct Plain {
    child: Child,
    controls: Vec<TcpStream>,
    lane: Rc<Lane>,
    viewers: Vec<Rc<RefCell<Viewer>>>,
    /// Held, so that they stay open.
    sockets: Vec<Rc<Socket>>,
}

impl Plain {
    /// Starts it and opens its sockets.
    pub async fn start(
        connections: usize,
        threads: usize,
        frame_bytes: usize,
    ) -> anyhow::Result<Self> {
        let threads = threads.min(connections);
        let share =
            |thread: usize| connections / threads + usize::from(thread < connections % threads);
        let shares: Vec<_> = (0..threads)
            .map(|thread| share(thread).to_string())
            .collect();
        let mut child = Command::new(std::env::current_exe()?)
            .args(["broadcaster", "--connections", &shares.join(",")])
            .args(["--frame-bytes", &frame_bytes.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().context("its output is piped")?;
        let mut lines = BufReader::new(stdout).lines();
        let (controls, lane, viewers, sockets) = Default::default();
        let mut plain = Self {
            child,
            controls,
            lane,
            viewers,
            sockets,
        };
        for _ in 0..threads {
            let line = lines.next_line().await?.unwrap_or_default();
            let (count, address) = line
                .split_once(" sockets on ")
                .context("the broadcaster did not start")?;
            let control = TcpStream::connect(address).await?;
            control.set_nodelay(true)?;
            plain.controls.push(control);
            for _ in 0..count.parse()? {
                plain.open(TcpStream::connect(address).await?)?;
            }
        }
        plain.warm_up().await?;
        Ok(plain)
    }

    async fn warm_up(&mut self) -> anyhow::Result<()> {
        let lane = self.lane.clone();
        let mut flow = Flow::begin(&lane, self.sockets.len());
        for _ in 0..WARM_UP {
            self.release(1).await?;
            flow.sent += 1;
            flow.at_most(0).await?;
        }
        Ok(())
    }

    /// Lets so many messages go out, in one write to each socket.
    async fn release(&mut self, messages: u32) -> anyhow::Result<()> {
        for control in &mut self.controls {
            control.write_u32(messages).await?;
        }
        Ok(())
    }

    fn open(&mut self, stream: TcpStream) -> anyhow::Result<()> {
        let (socket, incoming) = Socket::over(stream, Vec::new())?;
        let viewer: Rc<RefCell<Viewer>> = Rc::default();
        viewer.borrow_mut().joined(b"load", 0);
        let (lane, seen, reading) = (self.lane.clone(), viewer.clone(), socket.clone());
        tokio::task::spawn_local(async move {
            let take = |frame: wire::Frame<'_>| {
                if let Some(event) = wire::event(frame.payload) {
                    seen.borrow_mut().event(event.room, event.seq);
                    lane.deliver(frame.payload.len());
                }
            };
            // Its end shows as deliveries that never come.
            let _ = incoming.read(&reading, take).await;
        });
        self.viewers.push(viewer);
        self.sockets.push(socket);
        Ok(())
    }

    /// Keeps `in_flight` messages on their way, on average `frames` in a write.
    pub async fn round(
        &mut self,
        in_flight: u64,
        frames: f64,
        duration: Duration,
    ) -> anyhow::Result<Round> {
        let process = Process(self.child.id().context("the broadcaster is gone")?);
        let (before, begun) = (process.cpu()?, Instant::now());
        let lane = self.lane.clone();
        let mut flow = Flow::begin(&lane, self.sockets.len());
        let mut writes = 0;
        while begun.elapsed() < duration {
            writes += 1;
            // Whole frames, whose number comes out at the average.
            let until = (f64::from(writes) * frames.clamp(1.0, in_flight as f64)).round() as u64;
            let count = until - flow.sent;
            flow.at_most(in_flight - count.min(in_flight)).await?;
            self.release(count as u32).await?;
            flow.sent = until;
        }
        flow.at_most(0).await?;
        Ok(Round {
            cpu_us: process.cpu()?.us_since(&before) / flow.deliveries(),
            per_second: flow.deliveries() / begun.elapsed().as_secs_f64(),
            frames_per_write: frames,
            ..Round::default()
        })
    }

    /// What its viewers saw twice, late or after a hole.
    pub fn faults(&self) -> u64 {
        let faults = |viewer: &Viewer| viewer.duplicate + viewer.out_of_order + viewer.gaps;
        self.viewers
            .iter()
            .map(|viewer| faults(&viewer.borrow()))
            .sum()
    }
}

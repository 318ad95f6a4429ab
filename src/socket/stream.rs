//! A connection as the HTTP parser has it: plain, or in TLS.

use super::tcp::{Gate, Seat};
use super::tls::Acceptor;
use super::transport::Transport;
use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// See the module.
pub struct Stream {
    io: Io,
    /// Given back when the connection ends.
    seat: Seat,
}

enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Takes a connection in: counted, set up, and in TLS where there is an acceptor.
    ///
    /// # Errors
    /// When there are too many, or what came is no TLS.
    pub async fn accept(tcp: TcpStream, gate: &Gate, tls: Option<&Acceptor>) -> Result<Self> {
        let refused = || Error::new(ErrorKind::ConnectionRefused, "too many connections");
        let seat = gate.admit(&tcp).ok_or_else(refused)?;
        let io = match tls {
            None => Io::Plain(tcp),
            Some(acceptor) => Io::Tls(Box::new(acceptor.accept(tcp).await?)),
        };
        Ok(Self { io, seat })
    }

    /// As a socket that has left HTTP, with its seat.
    pub(super) fn into_parts(self) -> (Transport, Seat) {
        let transport = match self.io {
            Io::Plain(tcp) => Transport::Plain(tcp),
            Io::Tls(tls) => {
                let (tcp, session) = tls.into_inner();
                Transport::tls(tcp, session)
            }
        };
        (transport, self.seat)
    }
}

macro_rules! either {
    ($self:ident, $io:ident => $call:expr) => {
        match &mut $self.get_mut().io {
            Io::Plain($io) => {
                let $io = Pin::new($io);
                $call
            }
            Io::Tls($io) => {
                let $io = Pin::new(&mut **$io);
                $call
            }
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        either!(self, io => io.poll_read(cx, into))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        either!(self, io => io.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        either!(self, io => io.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        either!(self, io => io.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        either!(self, io => io.poll_shutdown(cx))
    }
}

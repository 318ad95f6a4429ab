//! A socket after its handshake, plain or in TLS. Whoever has something to write writes at once; only the
//! socket's own task waits for it.

use rustls::ServerConnection;
use socket2::SockRef;
use std::cell::{RefCell, RefMut};
use std::io::{Error, ErrorKind, IoSlice, Read, Result, Write};
use std::net::Shutdown;
use std::task::{Context, Poll, ready};
use tokio::net::TcpStream;

/// See the module.
pub(super) enum Transport {
    /// Bytes as they are.
    Plain(TcpStream),
    /// In TLS; boxed, because a plain socket should not pay for it.
    Tls(Box<Tls>),
}

/// A TLS session over its socket.
pub(super) struct Tls {
    tcp: TcpStream,
    session: RefCell<ServerConnection>,
}

/// The socket as rustls wants it: neither call waits.
struct Unwaiting<'a>(&'a TcpStream);

impl Read for Unwaiting<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        self.0.try_read(into)
    }
}

impl Write for Unwaiting<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> Result<usize> {
        self.0.try_write_vectored(slices)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Transport {
    /// Of a session that has shaken hands.
    pub(super) fn tls(tcp: TcpStream, session: ServerConnection) -> Self {
        let session = RefCell::new(session);
        Self::Tls(Box::new(Tls { tcp, session }))
    }

    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => &tls.tcp,
        }
    }

    /// Reads what there is; 0 at the end.
    pub(super) fn poll_read(&self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<Result<usize>> {
        loop {
            if let Self::Tls(tls) = self {
                match tls.read_plain(into) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    read => return Poll::Ready(read),
                }
            }
            ready!(self.tcp().poll_read_ready(cx))?;
            let read = match self {
                Self::Plain(tcp) => tcp.try_read(into),
                Self::Tls(tls) => tls.take(),
            };
            match (self, read) {
                (_, Err(error)) if error.kind() == ErrorKind::WouldBlock => {}
                (Self::Tls(_), Ok(_)) => {}
                (_, read) => return Poll::Ready(read),
            }
        }
    }

    /// Ready when the socket may take bytes.
    pub(super) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.tcp().poll_write_ready(cx)
    }

    /// Writes what the socket takes without waiting.
    pub(super) fn try_write(&self, bytes: &[u8]) -> Result<usize> {
        match self {
            // `send` costs the kernel less than `writev`.
            Self::Plain(tcp) => tcp.try_write(bytes),
            Self::Tls(tls) => tls.write(|session| session.writer().write(bytes)),
        }
    }

    /// The same of several pieces.
    pub(super) fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.try_write_vectored(slices),
            Self::Tls(tls) => tls.write(|session| session.writer().write_vectored(slices)),
        }
    }

    /// Whether taken bytes wait in the session for the socket.
    pub(super) fn holds_back(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(tls) => tls.session.borrow().wants_write(),
        }
    }

    /// Writes what the session holds back, as far as the socket takes it.
    pub(super) fn try_flush(&self) -> Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(tls) => tls.flush(&mut tls.session.borrow_mut()),
        }
    }
}

impl Tls {
    fn read_plain(&self, into: &mut [u8]) -> Result<usize> {
        match self.session.borrow_mut().reader().read(into) {
            // Ended without a goodbye. What a client sent is whole anyway: its frames have lengths.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(0),
            read => read,
        }
    }

    /// Takes what came and decrypts it.
    fn take(&self) -> Result<usize> {
        let mut session = self.session.borrow_mut();
        let taken = session.read_tls(&mut Unwaiting(&self.tcp))?;
        let decrypted = session.process_new_packets();
        // Keys that change, or the alert that says what was wrong.
        match self.flush(&mut session) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
            _ => {}
        }
        decrypted.map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
        Ok(taken)
    }

    /// Nothing is taken while something is held back: so the session holds one write at most.
    fn write(&self, put: impl FnOnce(&mut ServerConnection) -> Result<usize>) -> Result<usize> {
        let mut session = self.session.borrow_mut();
        self.flush(&mut session)?;
        let taken = put(&mut session)?;
        match self.flush(&mut session) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(taken),
        }
    }

    fn flush(&self, session: &mut RefMut<'_, ServerConnection>) -> Result<()> {
        while session.wants_write() {
            session.write_tls(&mut Unwaiting(&self.tcp))?;
        }
        Ok(())
    }
}

impl Drop for Transport {
    /// Ends what was written; what is still on its way arrives.
    fn drop(&mut self) {
        if let Self::Tls(tls) = self {
            let mut session = tls.session.borrow_mut();
            session.send_close_notify();
            drop(tls.flush(&mut session));
        }
        drop(SockRef::from(self.tcp()).shutdown(Shutdown::Write));
    }
}

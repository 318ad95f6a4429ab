//! The listener, and what to do when its port cannot be had.

use anyhow::Context as _;
use std::io::ErrorKind;
use std::net::{TcpListener, ToSocketAddrs as _};

/// Connections that wait to be accepted.
pub const BACKLOG: i32 = 2048;

/// A listener for the address; a restarted hub takes its port back at once.
///
/// # Errors
/// In words for the operator.
pub fn listen(host: &str, port: u16) -> anyhow::Result<TcpListener> {
    let refused = |error: std::io::Error| cannot_listen(&error, host, port, "SERVER");
    let address = (host, port)
        .to_socket_addrs()
        .map_err(refused)?
        .next()
        .with_context(|| format!("server.host: `{host}` is no address"))?;
    let domain = socket2::Domain::for_address(address);
    let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None)?;
    // A restarted hub takes its port back at once.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into()).map_err(refused)?;
    socket.listen(BACKLOG).map_err(refused)?;
    Ok(socket.into())
}

/// Why a port cannot be had, and what to do about it. `section` has the `host` and `port`.
pub fn cannot_listen(
    error: &std::io::Error,
    host: &str,
    port: u16,
    section: &str,
) -> anyhow::Error {
    let advice = match error.kind() {
        ErrorKind::AddrInUse => {
            let other = port.wrapping_add(1).max(1024);
            format!(
                "; stop what has the port, or take another: GENERIC_CORP__{section}__PORT={other}"
            )
        }
        ErrorKind::PermissionDenied => {
            format!(
                "; ports below 1024 want a privilege: GENERIC_CORP__{section}__PORT takes another"
            )
        }
        ErrorKind::AddrNotAvailable => {
            format!("; GENERIC_CORP__{section}__HOST is to be an address of this machine")
        }
        _ => String::new(),
    };
    anyhow::anyhow!("cannot listen on {host}:{port}: {error}{advice}")
}

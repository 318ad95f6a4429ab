//! Where Redis is: at an address, or where sentinels say that the master is.

use super::Error;
use crate::config;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind,
    IntoConnectionInfo as _, ProtocolVersion, RedisError, TlsCertificates,
};
use secrecy::ExposeSecret as _;

/// See the module.
pub(super) struct Way {
    /// How to speak to Redis; with sentinels its address is theirs to say.
    info: ConnectionInfo,
    sentinels: Vec<Client>,
    master: String,
}

impl Way {
    pub(super) fn of(settings: &config::Redis) -> Result<Self, Error> {
        let info = connection_info(settings.url.expose_secret())?;
        let spoken = info.redis_settings().clone();
        // Version 3 tells messages of subscriptions from answers to commands.
        let info = info.set_redis_settings(spoken.set_protocol(ProtocolVersion::RESP3));
        let info = match settings.ca.as_str() {
            "" => info,
            file => trusting(info, file)?,
        };
        let password = settings.sentinel_password.expose_secret();
        let sentinel = |address: &String| {
            let info = connection_info(&format!("redis://{address}"))?;
            let mut spoken = info.redis_settings().clone();
            if !password.is_empty() {
                spoken = spoken.set_password(password);
            }
            Client::open(info.set_redis_settings(spoken)).map_err(|_| Error::Address)
        };
        Ok(Self {
            info,
            sentinels: settings
                .sentinels
                .iter()
                .map(sentinel)
                .collect::<Result<_, _>>()?,
            master: settings.master.clone(),
        })
    }

    /// Whether Redis may move.
    pub(super) fn has_sentinels(&self) -> bool {
        !self.sentinels.is_empty()
    }

    /// Where it is now.
    pub(super) async fn info(&self) -> Result<ConnectionInfo, RedisError> {
        if self.sentinels.is_empty() {
            return Ok(self.info.clone());
        }
        let mut why = RedisError::from((ErrorKind::Io, "no sentinel knows the master"));
        for sentinel in &self.sentinels {
            match self.ask(sentinel).await {
                Ok(Some((host, port))) => return Ok(at(&self.info, host, port)),
                Ok(None) => {}
                Err(error) => why = error,
            }
        }
        Err(why)
    }

    async fn ask(&self, sentinel: &Client) -> Result<Option<(String, u16)>, RedisError> {
        let config = AsyncConnectionConfig::new();
        let mut connection = sentinel
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        redis::cmd("SENTINEL")
            .arg("GET-MASTER-ADDR-BY-NAME")
            .arg(&self.master)
            .query_async(&mut connection)
            .await
    }
}

fn connection_info(url: &str) -> Result<ConnectionInfo, Error> {
    url.into_connection_info().map_err(|_| Error::Address)
}

/// The same, but certificates are to be signed by the authority in this file.
fn trusting(info: ConnectionInfo, file: &str) -> Result<ConnectionInfo, Error> {
    let unreadable = |why: String| Error::Authority(file.to_owned(), why);
    let root = std::fs::read(file).map_err(|error| unreadable(error.to_string()))?;
    let certificates = TlsCertificates {
        client_tls: None,
        root_cert: Some(root),
    };
    let client = Client::build_with_tls(info, certificates);
    let client = client.map_err(|error| unreadable(error.to_string()))?;
    Ok(client.get_connection_info().clone())
}

fn at(info: &ConnectionInfo, host: String, port: u16) -> ConnectionInfo {
    let address = match info.addr() {
        ConnectionAddr::TcpTls {
            insecure,
            tls_params,
            ..
        } => ConnectionAddr::TcpTls {
            host,
            port,
            insecure: *insecure,
            tls_params: tls_params.clone(),
        },
        _ => ConnectionAddr::Tcp(host, port),
    };
    info.clone().set_addr(address)
}

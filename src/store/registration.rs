//! Accounts that wait for their address to be confirmed.

use super::account::NewUser;
use super::row::{slug, text};
use super::sql::sql;
use super::{Error, Store};
use generic_corp_protocol::{Slug, Timestamp, UserId};

/// Open registrations of one address: nobody's mailbox is filled by others.
const AT_ONCE: usize = 5;

impl Store {
    /// Keeps an account to be made; `false` when its address has enough that wait. Those that ended go.
    pub async fn put_registration(
        &self,
        token_hash: [u8; 32],
        user: &NewUser,
        organization: &Slug,
        expires_at: Timestamp,
    ) -> Result<bool, Error> {
        let mut transaction = self.begin().await?;
        transaction
            .hold(&format!("registration of {}", user.email))
            .await?;
        sql("DELETE FROM registrations WHERE expires_at <= $1")
            .bind(Timestamp::now().0)
            .execute(&mut transaction)
            .await?;
        let open = sql("SELECT token_hash FROM registrations WHERE email = $1")
            .bind(user.email.as_str())
            .fetch_all(&mut transaction)
            .await?;
        if open.len() >= AT_ONCE {
            return Ok(false);
        }
        sql(
            "INSERT INTO registrations (token_hash, email, name, password_hash, organization, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(token_hash.as_slice())
        .bind(user.email.as_str())
        .bind(user.name.as_str())
        .bind(user.password_hash.as_str())
        .bind(&**organization)
        .bind(expires_at.0)
        .execute(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// The account, and its organization, that the link with this hash makes.
    pub async fn registration(
        &self,
        token_hash: [u8; 32],
    ) -> Result<Option<(NewUser, Slug)>, Error> {
        let row = sql("SELECT * FROM registrations WHERE token_hash = $1 AND expires_at > $2")
            .bind(token_hash.as_slice())
            .bind(Timestamp::now().0)
            .fetch_optional(self.read())
            .await?;
        let pending = |row| {
            let user = NewUser {
                id: UserId::new(),
                email: text(row, "email")?,
                name: text(row, "name")?,
                password_hash: text(row, "password_hash")?,
            };
            Ok((user, slug(row, "organization")?))
        };
        row.as_ref().map(pending).transpose()
    }

    /// An address is confirmed: what else waits for it is void.
    pub async fn forget_registrations(&self, email: &str) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        sql("DELETE FROM registrations WHERE email = $1")
            .bind(email)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await
    }
}

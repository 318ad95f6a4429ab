//! Passwords that change, by who knows the old one or by a link that works once.

use super::audit::{Act, record, record_of};
use super::row::{number, text, uuid};
use super::sql::{Work, sql};
use super::{Error, Store};
use generic_corp_protocol::{OrganizationId, Sender, SessionId, Timestamp, UserId};
use std::net::IpAddr;

/// A link to a new password, to be made.
pub struct NewReset {
    /// SHA-256 of the link's token.
    pub token_hash: [u8; 32],
    /// Whose password.
    pub user: UserId,
    /// Where a member made it for another: their organization, and who.
    pub by: Option<(OrganizationId, UserId)>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Not when the user has as many open ones: nobody's mailbox is filled by others.
    pub at_most: Option<usize>,
}

/// Whose password a link sets.
pub struct ResetRow {
    /// Who.
    pub user: UserId,
    /// E-mail address.
    pub email: String,
    /// Name.
    pub name: String,
}

/// A changed password.
pub struct Changed {
    /// The user's generation from now on.
    pub generation: i64,
    /// The number of the newest refresh token of the session that goes on.
    pub refresh_counter: i64,
    /// The sessions that ended.
    pub ended: Vec<SessionId>,
}

/// A link that a member made for another counts only while the one's role still reaches the other's, and the
/// organization is the other's only one: nobody comes through it into somebody else's.
const OPEN: &str = "SELECT r.user_id, u.email, u.name FROM password_resets r
     JOIN users u ON u.id = r.user_id AND u.disabled_at IS NULL
     WHERE (r.organization_id IS NULL OR (
         NOT EXISTS (SELECT 1 FROM memberships o
             WHERE o.user_id = r.user_id AND o.organization_id <> r.organization_id)
         AND EXISTS (SELECT 1 FROM memberships t
             JOIN memberships m ON m.organization_id = t.organization_id AND m.user_id = r.made_by
             JOIN users k ON k.id = m.user_id AND k.disabled_at IS NULL
             WHERE t.organization_id = r.organization_id AND t.user_id = r.user_id
               AND (m.role = 'owner' OR (m.role = 'admin' AND t.role IN ('member', 'viewer'))))))
       AND r.expires_at > ";

impl Store {
    /// Stores a better hash of the same password, unless that was changed in the meantime.
    pub async fn rehash(&self, user: UserId, old: &str, new: &str) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        sql("UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3")
            .bind(new)
            .bind(user.0)
            .bind(old)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await
    }

    /// Changes the password that has the hash `old`: every session ends but `kept`, whose tokens are made anew.
    /// `None` when the password or the session is not what it was.
    pub async fn change_password(
        &self,
        user: UserId,
        kept: SessionId,
        old: &str,
        new: &str,
        act: &Act<'_>,
    ) -> Result<Option<Changed>, Error> {
        let now = Timestamp::now();
        let mut transaction = self.begin().await?;
        transaction.hold(&format!("sessions of {user}")).await?;
        let changed = sql(
            "UPDATE users SET password_hash = $1, generation = generation + 1
             WHERE id = $2 AND password_hash = $3 AND disabled_at IS NULL",
        )
        .bind(new)
        .bind(user.0)
        .bind(old)
        .execute(&mut transaction)
        .await?;
        if changed == 0 {
            return Ok(None);
        }
        let row = sql("SELECT generation FROM users WHERE id = $1")
            .bind(user.0)
            .fetch_one(&mut transaction)
            .await?;
        let generation = number(&row, "generation")?;
        let goes_on = sql("UPDATE sessions
             SET generation = $1, refresh_counter = refresh_counter + 1, rotated_at = $2
             WHERE id = $3 AND user_id = $4 AND generation = $1 - 1 AND ended_at IS NULL")
        .bind(generation)
        .bind(now.0)
        .bind(kept.0)
        .bind(user.0)
        .execute(&mut transaction)
        .await?;
        if goes_on == 0 {
            return Ok(None);
        }
        let row = sql("SELECT refresh_counter FROM sessions WHERE id = $1")
            .bind(kept.0)
            .fetch_one(&mut transaction)
            .await?;
        let refresh_counter = number(&row, "refresh_counter")?;
        let ended = super::session::end_others(&mut transaction, user, Some(kept), now).await?;
        forget_links(&mut transaction, user).await?;
        record_of(&mut transaction, act, user).await?;
        transaction.commit().await?;
        Ok(Some(Changed {
            generation,
            refresh_counter,
            ended,
        }))
    }

    /// Keeps a link to a new password; `false` when there are enough. Those that ended go.
    pub async fn put_reset(&self, new: &NewReset, act: &Act<'_>) -> Result<bool, Error> {
        let mut transaction = self.begin().await?;
        transaction
            .hold(&format!("sessions of {}", new.user))
            .await?;
        sql("DELETE FROM password_resets WHERE expires_at <= $1")
            .bind(Timestamp::now().0)
            .execute(&mut transaction)
            .await?;
        let open =
            sql("SELECT token_hash FROM password_resets WHERE user_id = $1 AND made_by IS NULL")
                .bind(new.user.0)
                .fetch_all(&mut transaction)
                .await?;
        if new.at_most.is_some_and(|most| open.len() >= most) {
            return Ok(false);
        }
        sql(
            "INSERT INTO password_resets (token_hash, user_id, organization_id, made_by, expires_at)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(new.token_hash.as_slice())
        .bind(new.user.0)
        .bind(new.by.map(|(organization, _)| organization.0))
        .bind(new.by.map(|(_, user)| user.0))
        .bind(new.expires_at.0)
        .execute(&mut transaction)
        .await?;
        record(&mut transaction, act).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Whose password the link with this hash sets, if it is good.
    pub async fn reset(&self, token_hash: [u8; 32]) -> Result<Option<ResetRow>, Error> {
        let mut query = sql(OPEN);
        query.push_bind(Timestamp::now().0);
        query
            .push(" AND r.token_hash = ")
            .push_bind(token_hash.as_slice());
        let row = query.fetch_optional(self.read()).await?;
        let reset = |row| {
            Ok(ResetRow {
                user: UserId(uuid(row, "user_id")?),
                email: text(row, "email")?,
                name: text(row, "name")?,
            })
        };
        row.as_ref().map(reset).transpose()
    }

    /// Spends the link with this hash: sets the password and ends every session, which are returned. `None` when
    /// the link is not good.
    pub async fn spend_reset(
        &self,
        token_hash: [u8; 32],
        password_hash: &str,
        address: Option<IpAddr>,
    ) -> Result<Option<Vec<SessionId>>, Error> {
        let now = Timestamp::now();
        let mut transaction = self.begin().await?;
        let mut query = sql(OPEN);
        query.push_bind(now.0);
        query
            .push(" AND r.token_hash = ")
            .push_bind(token_hash.as_slice());
        let Some(row) = query.fetch_optional(&mut transaction).await? else {
            return Ok(None);
        };
        let user = UserId(uuid(&row, "user_id")?);
        transaction.hold(&format!("sessions of {user}")).await?;
        let spent = sql("DELETE FROM password_resets WHERE token_hash = $1")
            .bind(token_hash.as_slice())
            .execute(&mut transaction)
            .await?;
        if spent == 0 {
            return Ok(None);
        }
        sql("UPDATE users SET password_hash = $1, generation = generation + 1 WHERE id = $2")
            .bind(password_hash)
            .bind(user.0)
            .execute(&mut transaction)
            .await?;
        let ended = super::session::end_others(&mut transaction, user, None, now).await?;
        forget_links(&mut transaction, user).await?;
        let actor = Sender::user(user, text(&row, "name")?);
        let act = Act {
            organization: None,
            actor: &actor,
            action: "password.reset",
            target: &user.to_string(),
            address,
        };
        record_of(&mut transaction, &act, user).await?;
        transaction.commit().await?;
        Ok(Some(ended))
    }
}

/// A link that was asked for before the password changed sets no other.
async fn forget_links(transaction: &mut Work, user: UserId) -> Result<(), Error> {
    sql("DELETE FROM password_resets WHERE user_id = $1")
        .bind(user.0)
        .execute(transaction)
        .await?;
    Ok(())
}

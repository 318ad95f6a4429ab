//! Signed-in sessions: families of refresh tokens, of which only the newest counts.

use super::audit::{Act, record_of};
use super::log::BATCH;
use super::row::{maybe_text, maybe_time, number, text, time, uuid};
use super::sql::{Row, Work, sql};
use super::{Error, Store};
use generic_corp_protocol::{Sender, SessionId, Timestamp, UserId};
use std::collections::HashSet;
use std::net::IpAddr;

/// Live sessions one user may have; beyond it the oldest end.
const MAX_SESSIONS: i64 = 100;
/// A session together with what its user's row says about it.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Id.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// The user's e-mail address.
    pub email: String,
    /// The user's name.
    pub name: String,
    /// The user's generation at the sign-in.
    pub generation: i64,
    /// The newest refresh token's number.
    pub refresh_counter: i64,
    /// When that was made.
    pub rotated_at: Timestamp,
    /// When the session ends by itself.
    pub expires_at: Timestamp,
    /// Whether it was ended, its user locked out, or all the user's sessions ended.
    pub ended: bool,
}

impl SessionRow {
    /// Whether the session counts at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        !self.ended && now < self.expires_at
    }
}

/// A live session, as its owner sees it.
#[derive(Clone, Debug)]
pub struct OwnSession {
    /// Id.
    pub id: SessionId,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When its refresh token was last traded.
    pub rotated_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// Where it was begun.
    pub address: Option<String>,
    /// With which program.
    pub user_agent: Option<String>,
}

/// Where a session is begun.
#[derive(Clone, Copy, Debug, Default)]
pub struct Origin<'a> {
    /// The address.
    pub address: Option<IpAddr>,
    /// What the program says of itself.
    pub user_agent: Option<&'a str>,
}

/// What to do with a refresh token.
#[derive(Debug)]
pub enum Rotation {
    /// This is now the newest token's number.
    Now(SessionRow),
    /// The token was used before, too long ago for a repeated request: the session is ended.
    Reused,
    /// No such session, or it is over.
    Over,
}

fn session(row: &Row) -> Result<SessionRow, Error> {
    let generation = number(row, "generation")?;
    Ok(SessionRow {
        id: SessionId(uuid(row, "id")?),
        user: UserId(uuid(row, "user_id")?),
        email: text(row, "email")?,
        name: text(row, "name")?,
        generation,
        refresh_counter: number(row, "refresh_counter")?,
        rotated_at: time(row, "rotated_at")?,
        expires_at: time(row, "expires_at")?,
        ended: maybe_time(row, "ended_at")?.is_some()
            || maybe_time(row, "disabled_at")?.is_some()
            || number(row, "user_generation")? != generation,
    })
}

const ONE: &str = "SELECT s.*, u.email, u.name, u.disabled_at, u.generation AS user_generation
     FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1";

impl Store {
    /// The session with this id.
    pub async fn session(&self, id: SessionId) -> Result<Option<SessionRow>, Error> {
        let row = sql(ONE).bind(id.0).fetch_optional(self.read()).await?;
        row.as_ref().map(session).transpose()
    }

    /// Those of `ids` that were ended or are gone, or whose user was locked out or had every session ended.
    pub async fn ended_sessions(
        &self,
        ids: &[SessionId],
        now: Timestamp,
    ) -> Result<Vec<SessionId>, Error> {
        let mut live = HashSet::new();
        for ids in ids.chunks(BATCH) {
            let mut query = sql(
                "SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id
                 WHERE s.ended_at IS NULL AND u.disabled_at IS NULL
                   AND u.generation = s.generation AND s.expires_at > ",
            );
            query.push_bind(now.0).push(" AND s.id IN ");
            query.push_list(ids.iter().map(|id| id.0));
            for row in query.fetch_all(self.read()).await? {
                live.insert(SessionId(uuid(&row, "id")?));
            }
        }
        Ok(ids
            .iter()
            .filter(|id| !live.contains(*id))
            .copied()
            .collect())
    }

    /// Begins a session for a user whose password was checked at `generation`.
    pub async fn begin_session(
        &self,
        user: UserId,
        generation: i64,
        expires_at: Timestamp,
        origin: Origin<'_>,
        actor: &Sender,
    ) -> Result<SessionId, Error> {
        let (id, now) = (SessionId::new(), Timestamp::now());
        let mut transaction = self.begin().await?;
        transaction.hold(&format!("sessions of {user}")).await?;
        sql("INSERT INTO sessions
             (id, user_id, generation, refresh_counter, rotated_at, created_at, expires_at, address,
              user_agent)
             VALUES ($1, $2, $3, 0, $4, $4, $5, $6, $7)")
        .bind(id.0)
        .bind(user.0)
        .bind(generation)
        .bind(now.0)
        .bind(expires_at.0)
        .bind(origin.address.map(|ip| ip.to_canonical().to_string()))
        .bind(origin.user_agent.map(str::to_owned))
        .execute(&mut transaction)
        .await?;
        sql(
            "UPDATE sessions SET ended_at = $2 WHERE ended_at IS NULL AND id IN
             (SELECT id FROM sessions WHERE user_id = $1 AND ended_at IS NULL
              ORDER BY created_at DESC, id DESC LIMIT 1000 OFFSET $3)",
        )
        .bind(user.0)
        .bind(now.0)
        .bind(MAX_SESSIONS)
        .execute(&mut transaction)
        .await?;
        sql("DELETE FROM sessions WHERE user_id = $1 AND expires_at <= $2")
            .bind(user.0)
            .bind(now.0)
            .execute(&mut transaction)
            .await?;
        let act = Act {
            organization: None,
            actor,
            action: "session.begun",
            target: &id.to_string(),
            address: origin.address,
        };
        record_of(&mut transaction, &act, user).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Takes the refresh token with this number: the newest is replaced; the one before it is taken
    /// once more within `grace_ms`, for a client whose answer was lost; any older one ends the session.
    pub async fn rotate_session(
        &self,
        id: SessionId,
        counter: i64,
        grace_ms: i64,
        lifetime_ms: i64,
    ) -> Result<Rotation, Error> {
        let now = Timestamp::now();
        let mut transaction = self.begin().await?;
        transaction.hold(&format!("session {id}")).await?;
        let row = sql(ONE).bind(id.0).fetch_optional(&mut transaction).await?;
        let Some(mut found) = row.as_ref().map(session).transpose()? else {
            return Ok(Rotation::Over);
        };
        if !found.is_live(now) || counter > found.refresh_counter {
            return Ok(Rotation::Over);
        }
        if counter == found.refresh_counter {
            found.refresh_counter += 1;
            found.rotated_at = now;
            found.expires_at = now.plus_ms(lifetime_ms);
            sql(
                "UPDATE sessions SET refresh_counter = $1, rotated_at = $2, expires_at = $3 WHERE id = $4",
            )
            .bind(found.refresh_counter)
            .bind(now.0)
            .bind(found.expires_at.0)
            .bind(id.0)
            .execute(&mut transaction)
            .await?;
            transaction.commit().await?;
            return Ok(Rotation::Now(found));
        }
        let age = now.0.saturating_sub(found.rotated_at.0);
        if counter + 1 == found.refresh_counter && age <= grace_ms {
            return Ok(Rotation::Now(found));
        }
        sql("UPDATE sessions SET ended_at = $1 WHERE id = $2")
            .bind(now.0)
            .bind(id.0)
            .execute(&mut transaction)
            .await?;
        let (user, name) = (found.user, found.name);
        told(&mut transaction, user, name, "session.reused", id, None).await?;
        transaction.commit().await?;
        Ok(Rotation::Reused)
    }

    /// Ends a session.
    pub async fn end_session(&self, id: SessionId, from: Option<IpAddr>) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        let ended = sql(
            "UPDATE sessions SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL
             RETURNING user_id, (SELECT name FROM users WHERE users.id = user_id) AS name",
        )
        .bind(Timestamp::now().0)
        .bind(id.0)
        .fetch_optional(&mut transaction)
        .await?;
        if let Some(row) = ended {
            let (user, name) = (UserId(uuid(&row, "user_id")?), text(&row, "name")?);
            told(&mut transaction, user, name, "session.ended", id, from).await?;
        }
        transaction.commit().await
    }

    /// The live sessions of a user, the last used first.
    pub async fn sessions_of(&self, user: UserId) -> Result<Vec<OwnSession>, Error> {
        let rows = sql("SELECT s.* FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.user_id = $1 AND s.ended_at IS NULL AND s.generation = u.generation
               AND s.expires_at > $2 ORDER BY s.rotated_at DESC, s.id DESC")
        .bind(user.0)
        .bind(Timestamp::now().0)
        .fetch_all(self.read())
        .await?;
        let own = |row| {
            Ok(OwnSession {
                id: SessionId(uuid(row, "id")?),
                created_at: time(row, "created_at")?,
                rotated_at: time(row, "rotated_at")?,
                expires_at: time(row, "expires_at")?,
                address: maybe_text(row, "address")?,
                user_agent: maybe_text(row, "user_agent")?,
            })
        };
        rows.iter().map(own).collect()
    }

    /// Ends one session of a user; `false` when they have no live one of this id.
    pub async fn end_session_of(
        &self,
        user: UserId,
        id: SessionId,
        act: &Act<'_>,
    ) -> Result<bool, Error> {
        let mut transaction = self.begin().await?;
        let ended = sql(
            "UPDATE sessions SET ended_at = $1 WHERE id = $2 AND user_id = $3 AND ended_at IS NULL",
        )
        .bind(Timestamp::now().0)
        .bind(id.0)
        .bind(user.0)
        .execute(&mut transaction)
        .await?;
        if ended == 0 {
            return Ok(false);
        }
        record_of(&mut transaction, act, user).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Ends every session of a user but this one; says which.
    pub async fn end_other_sessions(
        &self,
        user: UserId,
        kept: SessionId,
        act: &Act<'_>,
    ) -> Result<Vec<SessionId>, Error> {
        let mut transaction = self.begin().await?;
        transaction.hold(&format!("sessions of {user}")).await?;
        let now = Timestamp::now();
        let ended = end_others(&mut transaction, user, Some(kept), now).await?;
        record_of(&mut transaction, act, user).await?;
        transaction.commit().await?;
        Ok(ended)
    }
}

/// Writes down what became of a session.
async fn told(
    transaction: &mut Work,
    user: UserId,
    name: String,
    action: &'static str,
    session: SessionId,
    address: Option<IpAddr>,
) -> Result<(), Error> {
    let act = Act {
        organization: None,
        actor: &Sender::user(user, name),
        action,
        target: &session.to_string(),
        address,
    };
    record_of(transaction, &act, user).await
}

/// Ends every session of a user, or every one but `kept`; says which.
pub(super) async fn end_others(
    transaction: &mut Work,
    user: UserId,
    kept: Option<SessionId>,
    now: Timestamp,
) -> Result<Vec<SessionId>, Error> {
    let kept = kept.map_or(uuid::Uuid::nil(), |id| id.0);
    let rows = sql("SELECT id FROM sessions WHERE user_id = $1 AND id <> $2 AND ended_at IS NULL")
        .bind(user.0)
        .bind(kept)
        .fetch_all(&mut *transaction)
        .await?;
    sql("UPDATE sessions SET ended_at = $1 WHERE user_id = $2 AND id <> $3 AND ended_at IS NULL")
        .bind(now.0)
        .bind(user.0)
        .bind(kept)
        .execute(&mut *transaction)
        .await?;
    rows.iter()
        .map(|row| Ok(SessionId(uuid(row, "id")?)))
        .collect()
}

//! Invites: links by which people come into an organization, each once.

use super::account::{NewUser, insert_user};
use super::audit::{Act, record, record_change};
use super::limit::has_room_for_member;
use super::row::{maybe_text, slug, text, time, uuid};
use super::sql::{Row, Work, sql};
use super::{Error, Store};
use generic_corp_protocol::{InviteId, OrganizationId, Sender, Slug, Timestamp, UserId};
use std::net::IpAddr;

/// Invites of an organization that may be open at once.
const MAX_OPEN: usize = 200;

/// An invite that can be accepted.
#[derive(Clone, Debug)]
pub struct InviteRow {
    /// Id.
    pub id: InviteId,
    /// Into which organization.
    pub organization: OrganizationId,
    /// That one's name in URLs.
    pub slug: Slug,
    /// And for people.
    pub organization_name: String,
    /// The only address that may come, in lower case; `None` for any.
    pub email: Option<String>,
    /// What the guest becomes.
    pub role: String,
    /// The name of who made it.
    pub made_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// An invite to be made.
pub struct NewInvite<'a> {
    /// Into which organization.
    pub organization: OrganizationId,
    /// SHA-256 of the link's token.
    pub token_hash: [u8; 32],
    /// The only address that may come, in lower case.
    pub email: Option<&'a str>,
    /// What the guest becomes.
    pub role: &'a str,
    /// Who makes it.
    pub created_by: UserId,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Who comes by an invite.
pub enum Guest<'a> {
    /// Somebody without an account, which is made.
    New(&'a NewUser),
    /// A user, by id.
    Known(UserId),
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// They are a member now.
    Done(OrganizationId),
    /// The invite is unknown, used, revoked or too old.
    Void,
    /// It is for another e-mail address.
    OtherAddress,
    /// The e-mail address has an account.
    EmailTaken,
    /// They are a member already; the invite stays good.
    Member,
    /// The organization has as many members as its plan allows; the invite stays good.
    Full,
}

/// An invite counts only while whoever made it could make it again.
const OPEN: &str =
    "SELECT i.*, o.slug, o.name AS organization_name, u.name AS made_by FROM invites i
     JOIN organizations o ON o.id = i.organization_id
     JOIN users u ON u.id = i.created_by AND u.disabled_at IS NULL
     JOIN memberships m ON m.organization_id = i.organization_id AND m.user_id = i.created_by
     WHERE (m.role = 'owner' OR (m.role = 'admin' AND i.role <> 'owner'))
       AND i.used_at IS NULL AND i.expires_at > ";

fn invite(row: &Row) -> Result<InviteRow, Error> {
    Ok(InviteRow {
        id: InviteId(uuid(row, "id")?),
        organization: OrganizationId(uuid(row, "organization_id")?),
        slug: slug(row, "slug")?,
        organization_name: text(row, "organization_name")?,
        email: maybe_text(row, "email")?,
        role: text(row, "role")?,
        made_by: text(row, "made_by")?,
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
    })
}

impl Store {
    /// Makes an invite; `None` when the organization has too many open ones. Those that ended go.
    pub async fn create_invite(
        &self,
        new: &NewInvite<'_>,
        act: &Act<'_>,
    ) -> Result<Option<InviteRow>, Error> {
        let (id, now) = (InviteId::new(), Timestamp::now());
        let mut transaction = self.begin().await?;
        transaction.hold_organization(new.organization).await?;
        sql("DELETE FROM invites WHERE organization_id = $1 AND expires_at <= $2")
            .bind(new.organization.0)
            .bind(now.0)
            .execute(&mut transaction)
            .await?;
        let open = sql("SELECT id FROM invites WHERE organization_id = $1 AND used_at IS NULL")
            .bind(new.organization.0)
            .fetch_all(&mut transaction)
            .await?;
        if open.len() >= MAX_OPEN {
            return Ok(None);
        }
        sql(
            "INSERT INTO invites (id, organization_id, token_hash, email, role, created_by, created_at,
             expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(id.0)
        .bind(new.organization.0)
        .bind(new.token_hash.as_slice())
        .bind(new.email.map(str::to_owned))
        .bind(new.role)
        .bind(new.created_by.0)
        .bind(now.0)
        .bind(new.expires_at.0)
        .execute(&mut transaction)
        .await?;
        let target = id.to_string();
        let act = Act {
            target: &target,
            ..act.clone()
        };
        record(&mut transaction, &act).await?;
        let made = find(&mut transaction, new.token_hash, now).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// The open invites of an organization, the newest first.
    pub async fn invites(&self, of: OrganizationId) -> Result<Vec<InviteRow>, Error> {
        let mut query = sql(OPEN);
        query.push_bind(Timestamp::now().0);
        query.push(" AND i.organization_id = ").push_bind(of.0);
        query.push(" ORDER BY i.id DESC");
        let rows = query.fetch_all(self.read()).await?;
        rows.iter().map(invite).collect()
    }

    /// The open invite whose token has this hash.
    pub async fn invite(&self, token_hash: [u8; 32]) -> Result<Option<InviteRow>, Error> {
        let mut query = sql(OPEN);
        query.push_bind(Timestamp::now().0);
        query
            .push(" AND i.token_hash = ")
            .push_bind(token_hash.as_slice());
        let row = query.fetch_optional(self.read()).await?;
        row.as_ref().map(invite).transpose()
    }

    /// Takes an invite back; `false` when the organization has none of this id that is open.
    pub async fn revoke_invite(
        &self,
        of: OrganizationId,
        id: InviteId,
        act: &Act<'_>,
    ) -> Result<bool, Error> {
        let mut transaction = self.begin().await?;
        let gone =
            sql("DELETE FROM invites WHERE id = $1 AND organization_id = $2 AND used_at IS NULL")
                .bind(id.0)
                .bind(of.0)
                .execute(&mut transaction)
                .await?;
        record_change(transaction, gone, act).await
    }

    /// Spends an invite and makes its guest a member; all or nothing, and once however many try.
    pub async fn accept_invite(
        &self,
        token_hash: [u8; 32],
        guest: Guest<'_>,
        member_limit: u32,
        address: Option<IpAddr>,
    ) -> Result<Accepted, Error> {
        let now = Timestamp::now();
        let mut transaction = self.begin().await?;
        let Some(found) = find(&mut transaction, token_hash, now).await? else {
            return Ok(Accepted::Void);
        };
        if !has_room_for_member(&mut transaction, found.organization, member_limit).await? {
            return Ok(Accepted::Full);
        }
        let (user, email, name) = match guest {
            Guest::New(user) => (user.id, user.email.clone(), user.name.clone()),
            Guest::Known(id) => {
                let row = sql("SELECT email, name FROM users WHERE id = $1")
                    .bind(id.0)
                    .fetch_one(&mut transaction)
                    .await?;
                (id, text(&row, "email")?, text(&row, "name")?)
            }
        };
        if found.email.as_ref().is_some_and(|only| *only != email) {
            return Ok(Accepted::OtherAddress);
        }
        let actor = Sender::user(user, name);
        if !take(&mut transaction, &found, &actor, now, address).await? {
            return Ok(Accepted::Void);
        }
        if let Guest::New(user) = guest {
            match insert_user(&mut transaction, user, now).await {
                Err(Error::Conflict) => return Ok(Accepted::EmailTaken),
                done => done?,
            }
        }
        let joined = super::workspace::insert_membership(
            &mut transaction,
            found.organization,
            user,
            &found.role,
            now,
        );
        match joined.await {
            Err(Error::Conflict) => return Ok(Accepted::Member),
            done => done?,
        }
        transaction.commit().await?;
        Ok(Accepted::Done(found.organization))
    }
}

/// Spends an invite for its guest; `false` when it is.
pub(super) async fn take(
    transaction: &mut Work,
    invite: &InviteRow,
    guest: &Sender,
    now: Timestamp,
    address: Option<IpAddr>,
) -> Result<bool, Error> {
    let spent =
        sql("UPDATE invites SET used_at = $1, used_by = $2 WHERE id = $3 AND used_at IS NULL")
            .bind(now.0)
            .bind(guest.id)
            .bind(invite.id.0)
            .execute(&mut *transaction)
            .await?;
    if spent == 0 {
        return Ok(false);
    }
    let act = Act {
        organization: Some(invite.organization),
        actor: guest,
        action: "invite.accepted",
        target: &invite.id.to_string(),
        address,
    };
    record(transaction, &act).await?;
    Ok(true)
}

/// The open invites for this very address, by organization, the newest first: whoever holds several organizations
/// takes them in one order.
pub(super) async fn open_for(
    transaction: &mut Work,
    email: &str,
    now: Timestamp,
) -> Result<Vec<InviteRow>, Error> {
    let mut query = sql(OPEN);
    query.push_bind(now.0);
    query.push(" AND i.email = ").push_bind(email);
    query.push(" ORDER BY i.organization_id, i.id DESC");
    let rows = query.fetch_all(transaction).await?;
    rows.iter().map(invite).collect()
}

async fn find(
    transaction: &mut Work,
    token_hash: [u8; 32],
    now: Timestamp,
) -> Result<Option<InviteRow>, Error> {
    let mut query = sql(OPEN);
    query.push_bind(now.0);
    query
        .push(" AND i.token_hash = ")
        .push_bind(token_hash.as_slice());
    let row = query.fetch_optional(transaction).await?;
    row.as_ref().map(invite).transpose()
}

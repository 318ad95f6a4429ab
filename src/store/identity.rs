//! Who people are at a provider, and how they come in by it.

use super::account::{NewUser, UserRow, insert_user, user};
use super::audit::{Act, record, record_of};
use super::invite::{InviteRow, open_for, take};
use super::limit::has_room_for_member;
use super::row::{text, uuid};
use super::sql::{Work, sql};
use super::workspace::insert_membership;
use super::{Error, Store};
use generic_corp_protocol::{OrganizationId, Sender, Slug, Timestamp};
use std::net::IpAddr;

/// Somebody who comes from a provider.
pub struct Arrival<'a> {
    /// The provider.
    pub issuer: &'a str,
    /// Who it is there.
    pub subject: &'a str,
    /// The account to be made where there is none and one may be; `None` where no address is known to be theirs.
    pub new: Option<&'a NewUser>,
    /// SHA-256 of the token of this sign-in, which is spent.
    pub token_hash: [u8; 32],
    /// When it could not be used any more anyway.
    pub expires_at: Timestamp,
    /// Where they come from.
    pub address: IpAddr,
}

/// What may be done for who is not known yet.
pub struct Welcome<'a> {
    /// An account of the same address is theirs.
    pub link: bool,
    /// An account is made for who is invited.
    pub invited: bool,
    /// An account is made, with this role in this organization.
    pub into: Option<(&'a Slug, &'a str)>,
    /// How many members a plan allows.
    pub members: &'a (dyn Fn(&str) -> u32 + Sync),
}

/// How it went.
pub enum Entered {
    /// They have this account.
    Known(UserRow),
    /// The account is locked.
    LockedOut,
    /// The sign-in was finished before.
    Twice,
    /// There is an account of this address, which is not theirs to have.
    Unlinked,
    /// They have no account, and none may be made.
    Unknown,
    /// The organization to come into is not there.
    NoOrganization,
    /// What they would come into has as many members as its plan allows, this many.
    Full(u32),
}

impl Store {
    /// Finds the account of who comes from a provider, links one, or makes one; all or nothing, and once for each
    /// sign-in.
    pub async fn enter(
        &self,
        arrival: &Arrival<'_>,
        welcome: &Welcome<'_>,
    ) -> Result<Entered, Error> {
        let now = Timestamp::now();
        let mut transaction = self.begin().await?;
        let who = format!("identity {} {}", arrival.issuer, arrival.subject);
        transaction.hold(&who).await?;
        if !finish(&mut transaction, arrival, now).await? {
            return Ok(Entered::Twice);
        }
        let entered = match known(&mut transaction, arrival, now).await? {
            Some(user) => Entered::Known(user),
            None => meet(&mut transaction, arrival, welcome, now).await?,
        };
        if let Entered::Known(user) = &entered {
            if user.disabled_at.is_some() {
                return Ok(Entered::LockedOut);
            }
            transaction.commit().await?;
        }
        Ok(entered)
    }
}

/// Spends a sign-in; `false` when it is. Those that ended go.
async fn finish(
    transaction: &mut Work,
    arrival: &Arrival<'_>,
    now: Timestamp,
) -> Result<bool, Error> {
    sql("DELETE FROM finished_sign_ins WHERE expires_at <= $1")
        .bind(now.0)
        .execute(&mut *transaction)
        .await?;
    let kept = sql(
        "INSERT INTO finished_sign_ins (token_hash, expires_at) VALUES ($1, $2)
         ON CONFLICT DO NOTHING",
    )
    .bind(arrival.token_hash.as_slice())
    .bind(arrival.expires_at.0)
    .execute(&mut *transaction)
    .await?;
    Ok(kept == 1)
}

async fn known(
    transaction: &mut Work,
    arrival: &Arrival<'_>,
    now: Timestamp,
) -> Result<Option<UserRow>, Error> {
    let row = sql(
        "SELECT u.* FROM users u JOIN user_identities i ON i.user_id = u.id
         WHERE i.issuer = $1 AND i.subject = $2",
    )
    .bind(arrival.issuer)
    .bind(arrival.subject)
    .fetch_optional(&mut *transaction)
    .await?;
    sql("UPDATE user_identities SET last_used_at = $1 WHERE issuer = $2 AND subject = $3")
        .bind(now.0)
        .bind(arrival.issuer)
        .bind(arrival.subject)
        .execute(&mut *transaction)
        .await?;
    row.as_ref().map(user).transpose()
}

/// Somebody who was never here in this way.
async fn meet(
    transaction: &mut Work,
    arrival: &Arrival<'_>,
    welcome: &Welcome<'_>,
    now: Timestamp,
) -> Result<Entered, Error> {
    let Some(new) = arrival.new else {
        return Ok(Entered::Unknown);
    };
    let row = sql("SELECT * FROM users WHERE email = $1")
        .bind(new.email.as_str())
        .fetch_optional(&mut *transaction)
        .await?;
    if let Some(account) = row.as_ref().map(user).transpose()? {
        if !welcome.link || has_other(transaction, arrival, &account).await? {
            return Ok(Entered::Unlinked);
        }
        insert_identity(transaction, arrival, &account, now).await?;
        return Ok(Entered::Known(account));
    }
    let invites = match welcome.invited {
        true => open_for(transaction, &new.email, now).await?,
        false => Vec::new(),
    };
    if invites.is_empty() && welcome.into.is_none() {
        return Ok(Entered::Unknown);
    }
    insert_user(transaction, new, now).await?;
    if let Some(refused) = join(transaction, arrival, new, welcome, &invites, now).await? {
        return Ok(refused);
    }
    let account = UserRow {
        id: new.id,
        email: new.email.clone(),
        name: new.name.clone(),
        password_hash: new.password_hash.clone(),
        generation: 0,
        disabled_at: None,
    };
    insert_identity(transaction, arrival, &account, now).await?;
    Ok(Entered::Known(account))
}

/// Makes a new user a member of all that they are invited into and that have room, or else where everybody comes;
/// answers why not, where there is nothing to come into.
async fn join(
    transaction: &mut Work,
    arrival: &Arrival<'_>,
    new: &NewUser,
    welcome: &Welcome<'_>,
    invites: &[InviteRow],
    now: Timestamp,
) -> Result<Option<Entered>, Error> {
    let sender = Sender::user(new.id, &new.name);
    let address = Some(arrival.address);
    let (mut into, mut full) = (Vec::new(), 0);
    for invite in invites {
        // Several into one organization are one membership.
        if into.contains(&invite.organization) {
            continue;
        }
        let limit = member_limit(transaction, invite.organization, welcome).await?;
        if !has_room_for_member(transaction, invite.organization, limit).await? {
            full = limit;
        } else if take(transaction, invite, &sender, now, address).await? {
            insert_membership(transaction, invite.organization, new.id, &invite.role, now).await?;
            into.push(invite.organization);
        }
    }
    if !into.is_empty() {
        return Ok(None);
    }
    let Some((slug, role)) = welcome.into else {
        return Ok(Some(Entered::Full(full)));
    };
    let Some(organization) = organization_of(transaction, slug).await? else {
        return Ok(Some(Entered::NoOrganization));
    };
    let limit = member_limit(transaction, organization, welcome).await?;
    if !has_room_for_member(transaction, organization, limit).await? {
        return Ok(Some(Entered::Full(limit)));
    }
    insert_membership(transaction, organization, new.id, role, now).await?;
    let act = Act {
        organization: Some(organization),
        actor: &sender,
        action: "member.joined",
        target: role,
        address,
    };
    record(transaction, &act).await?;
    Ok(None)
}

async fn organization_of(
    transaction: &mut Work,
    slug: &Slug,
) -> Result<Option<OrganizationId>, Error> {
    let row = sql("SELECT id FROM organizations WHERE slug = $1 AND deleted_at IS NULL")
        .bind(&**slug)
        .fetch_optional(transaction)
        .await?;
    row.map(|row| uuid(&row, "id").map(OrganizationId))
        .transpose()
}

async fn member_limit(
    transaction: &mut Work,
    organization: OrganizationId,
    welcome: &Welcome<'_>,
) -> Result<u32, Error> {
    let row = sql("SELECT plan FROM organizations WHERE id = $1")
        .bind(organization.0)
        .fetch_one(&mut *transaction)
        .await?;
    Ok((welcome.members)(&text(&row, "plan")?))
}

/// Whether an account is somebody else's at the same provider: then the address was theirs before.
async fn has_other(
    transaction: &mut Work,
    arrival: &Arrival<'_>,
    account: &UserRow,
) -> Result<bool, Error> {
    let row = sql("SELECT 1 FROM user_identities WHERE user_id = $1 AND issuer = $2")
        .bind(account.id.0)
        .bind(arrival.issuer)
        .fetch_optional(&mut *transaction)
        .await?;
    Ok(row.is_some())
}

async fn insert_identity(
    transaction: &mut Work,
    arrival: &Arrival<'_>,
    account: &UserRow,
    now: Timestamp,
) -> Result<(), Error> {
    sql(
        "INSERT INTO user_identities (issuer, subject, user_id, created_at, last_used_at)
         VALUES ($1, $2, $3, $4, $4)",
    )
    .bind(arrival.issuer)
    .bind(arrival.subject)
    .bind(account.id.0)
    .bind(now.0)
    .execute(&mut *transaction)
    .await?;
    let act = Act {
        organization: None,
        actor: &Sender::user(account.id, &account.name),
        action: "identity.linked",
        target: &format!("{} at {}", arrival.subject, arrival.issuer),
        address: Some(arrival.address),
    };
    record_of(transaction, &act, account.id).await
}

//! Users, the one-time setup links, and the founding of an organization by a user.

use super::audit::{Act, record, record_of};
use super::row::{maybe_time, number, text, uuid};
use super::sql::{Row, Work, sql};
use super::{Error, Store};
use generic_corp_protocol::{Sender, Slug, Timestamp, UserId};

/// A user as stored.
#[derive(Clone)]
pub struct UserRow {
    /// Id.
    pub id: UserId,
    /// E-mail address, in lower case.
    pub email: String,
    /// Name to show.
    pub name: String,
    /// bcrypt.
    pub password_hash: String,
    /// Counted up when every session must end.
    pub generation: i64,
    /// When the user was locked out.
    pub disabled_at: Option<Timestamp>,
}

/// A user to be made.
#[derive(Clone)]
pub struct NewUser {
    /// Id.
    pub id: UserId,
    /// E-mail address, in lower case.
    pub email: String,
    /// Name to show.
    pub name: String,
    /// bcrypt.
    pub password_hash: String,
}

/// What must hold for a founding.
#[derive(Clone, Copy)]
pub enum Gate {
    /// Nothing.
    Open,
    /// There is no user yet.
    FirstUser,
    /// There is no user yet, and the setup link with this hash is good; it is spent.
    SetupLink([u8; 32]),
}

/// How a founding went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Founded {
    /// Made.
    Made,
    /// There are users already, or the link is unknown, used or too old.
    Shut,
    /// The e-mail address is taken.
    EmailTaken,
    /// The organization's name is taken.
    OrganizationTaken,
}

/// What a founding makes besides the user.
pub struct Founding<'a> {
    /// The organization's name.
    pub organization: &'a Slug,
    /// Its plan.
    pub plan: &'a str,
    /// The name of its first workspace.
    pub workspace: &'a Slug,
    /// The name of the workspace's first room.
    pub room: &'a Slug,
}

pub(super) fn user(row: &Row) -> Result<UserRow, Error> {
    Ok(UserRow {
        id: UserId(uuid(row, "id")?),
        email: text(row, "email")?,
        name: text(row, "name")?,
        password_hash: text(row, "password_hash")?,
        generation: number(row, "generation")?,
        disabled_at: maybe_time(row, "disabled_at")?,
    })
}

impl Store {
    /// The user with this address, in lower case.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<UserRow>, Error> {
        let row = sql("SELECT * FROM users WHERE email = $1")
            .bind(email)
            .fetch_optional(self.read())
            .await?;
        row.as_ref().map(user).transpose()
    }

    /// The user with this id.
    pub async fn user(&self, id: UserId) -> Result<Option<UserRow>, Error> {
        let row = sql("SELECT * FROM users WHERE id = $1")
            .bind(id.0)
            .fetch_optional(self.read())
            .await?;
        row.as_ref().map(user).transpose()
    }

    /// Whether this person runs the hub.
    pub async fn is_operator(&self, id: UserId) -> Result<bool, Error> {
        let row = sql("SELECT 1 FROM users WHERE id = $1 AND operator = 1")
            .bind(id.0)
            .fetch_optional(self.read())
            .await?;
        Ok(row.is_some())
    }

    /// Makes the person with this address one who runs the hub, or no longer; `false` when there is no such person.
    pub async fn set_operator(
        &self,
        email: &str,
        operator: bool,
        act: &Act<'_>,
    ) -> Result<bool, Error> {
        let mut transaction = self.begin().await?;
        let changed = sql("UPDATE users SET operator = $1 WHERE email = $2 RETURNING id")
            .bind(i64::from(operator))
            .bind(email)
            .fetch_optional(&mut transaction)
            .await?;
        let Some(row) = changed else {
            return Ok(false);
        };
        record_of(&mut transaction, act, UserId(uuid(&row, "id")?)).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Whether there is any user.
    pub async fn has_users(&self) -> Result<bool, Error> {
        let row = sql("SELECT 1 FROM users LIMIT 1")
            .fetch_optional(self.read())
            .await?;
        Ok(row.is_some())
    }

    /// Keeps the hash of a new setup link. Earlier ones stay good for their time: each node prints its own.
    pub async fn put_setup_link(&self, hash: [u8; 32], expires_at: Timestamp) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        sql("DELETE FROM setup_links WHERE expires_at < $1")
            .bind(Timestamp::now().0)
            .execute(&mut transaction)
            .await?;
        sql("INSERT INTO setup_links (token_hash, expires_at) VALUES ($1, $2)")
            .bind(hash.as_slice())
            .bind(expires_at.0)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await
    }

    /// Makes a user, an organization they own, a workspace in it and a room in that; all or nothing.
    pub async fn found(
        &self,
        user: &NewUser,
        gate: Gate,
        founding: &Founding<'_>,
    ) -> Result<Founded, Error> {
        let now = Timestamp::now();
        let mut transaction = self.begin().await?;
        if !matches!(gate, Gate::Open) {
            transaction.hold("the first user").await?;
        }
        if !passes(&mut transaction, gate, now).await? {
            return Ok(Founded::Shut);
        }
        match insert_user(&mut transaction, user, now).await {
            Err(Error::Conflict) => return Ok(Founded::EmailTaken),
            done => done?,
        }
        if !matches!(gate, Gate::Open) {
            sql("UPDATE users SET operator = 1 WHERE id = $1")
                .bind(user.id.0)
                .execute(&mut transaction)
                .await?;
        }
        if !insert_founding(&mut transaction, user.id, founding, now).await? {
            return Ok(Founded::OrganizationTaken);
        }
        let actor = Sender::user(user.id, &user.name);
        let act = Act {
            organization: None,
            actor: &actor,
            action: "user.registered",
            target: founding.organization,
            address: None,
        };
        record(&mut transaction, &act).await?;
        transaction.commit().await?;
        Ok(Founded::Made)
    }

    /// Makes an organization for a user who is there, with a workspace and a room; `false` when its name is taken,
    /// `None` when they own `most` already.
    pub async fn found_another(
        &self,
        user: UserId,
        founding: &Founding<'_>,
        most: usize,
        act: &Act<'_>,
    ) -> Result<Option<bool>, Error> {
        let mut transaction = self.begin().await?;
        transaction
            .hold(&format!("organizations of {user}"))
            .await?;
        let owned =
            sql("SELECT organization_id FROM memberships WHERE user_id = $1 AND role = 'owner'")
                .bind(user.0)
                .fetch_all(&mut transaction)
                .await?;
        if owned.len() >= most {
            return Ok(None);
        }
        if !insert_founding(&mut transaction, user, founding, Timestamp::now()).await? {
            return Ok(Some(false));
        }
        record(&mut transaction, act).await?;
        transaction.commit().await?;
        Ok(Some(true))
    }

    /// Whether there is an organization of this name.
    pub async fn has_organization(&self, name: &Slug) -> Result<bool, Error> {
        let row = sql("SELECT 1 FROM organizations WHERE slug = $1")
            .bind(&**name)
            .fetch_optional(self.read())
            .await?;
        Ok(row.is_some())
    }

    /// Gives a user another name.
    pub async fn rename_user(&self, id: UserId, name: &str) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        sql("UPDATE users SET name = $1 WHERE id = $2")
            .bind(name)
            .bind(id.0)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await
    }

    /// Makes a user and an owner of an organization that exists; `false` when it does not.
    pub async fn join_as_owner(&self, user: &NewUser, organization: &Slug) -> Result<bool, Error> {
        let now = Timestamp::now();
        let mut transaction = self.begin().await?;
        let Some(row) = sql("SELECT id FROM organizations WHERE slug = $1")
            .bind(&**organization)
            .fetch_optional(&mut transaction)
            .await?
        else {
            return Ok(false);
        };
        let organization = generic_corp_protocol::OrganizationId(uuid(&row, "id")?);
        insert_user(&mut transaction, user, now).await?;
        super::workspace::insert_membership(&mut transaction, organization, user.id, "owner", now)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// The organization, its owner, its workspace and the room in that; `false` when the name is taken.
async fn insert_founding(
    transaction: &mut Work,
    user: UserId,
    founding: &Founding<'_>,
    now: Timestamp,
) -> Result<bool, Error> {
    use super::workspace::{insert_membership, insert_organization, insert_workspace};
    let organization = match insert_organization(transaction, founding, now).await {
        Err(Error::Conflict) => return Ok(false),
        done => done?,
    };
    insert_membership(transaction, organization, user, "owner", now).await?;
    let (name, room) = (founding.workspace, founding.room);
    insert_workspace(transaction, organization, name, name, room, now).await?;
    Ok(true)
}

async fn passes(transaction: &mut Work, gate: Gate, now: Timestamp) -> Result<bool, Error> {
    if matches!(gate, Gate::Open) {
        return Ok(true);
    }
    let taken = sql("SELECT 1 FROM users LIMIT 1")
        .fetch_optional(&mut *transaction)
        .await?;
    if taken.is_some() {
        return Ok(false);
    }
    let Gate::SetupLink(hash) = gate else {
        return Ok(true);
    };
    let spent = sql("UPDATE setup_links SET used_at = $1
         WHERE token_hash = $2 AND used_at IS NULL AND expires_at > $1")
    .bind(now.0)
    .bind(hash.as_slice())
    .execute(&mut *transaction)
    .await?;
    Ok(spent == 1)
}

pub(super) async fn insert_user(
    transaction: &mut Work,
    user: &NewUser,
    now: Timestamp,
) -> Result<(), Error> {
    sql(
        "INSERT INTO users (id, email, name, password_hash, created_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(user.id.0)
    .bind(user.email.as_str())
    .bind(user.name.as_str())
    .bind(user.password_hash.as_str())
    .bind(now.0)
    .execute(&mut *transaction)
    .await?;
    Ok(())
}

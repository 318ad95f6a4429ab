//! The directory: who may touch which workspace.

use super::member::operator;
use super::scope::KeyRight;
use super::{Error, Scope};
use crate::auth::{Principal, Role, Scopes};
use crate::config::{Plan, Plans};
use crate::metering::Budgets;
use crate::store::Store;
use crate::store::workspace::ReachRow;
use dashmap::DashMap;
use generic_corp_protocol::frame::WorkspaceRef;
use generic_corp_protocol::{Sender, WorkspaceId};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Organizations, workspaces, rooms and agents. A cheap handle.
#[derive(Clone)]
pub struct Tenants {
    pub(super) store: Store,
    plans: Arc<Plans>,
    budgets: Budgets,
    callers: Arc<DashMap<Uuid, (Instant, Arc<Plan>)>>,
    pub(super) default_plan: Arc<str>,
}

/// A part of a list: at most `limit` things that come after `after`.
#[derive(Clone, Debug)]
pub struct Page {
    /// The last name or id of the part before; empty for the first.
    pub after: String,
    /// Most things in this part.
    pub limit: u32,
}

impl Page {
    /// The last id of the part before, in a list that goes by ids.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    pub fn after_id<T: FromStr>(&self) -> Result<Option<T>, Error> {
        match self.after.as_str() {
            "" => Ok(None),
            id => match id.parse() {
                Ok(id) => Ok(Some(id)),
                Err(_) => Err(Error::Invalid("`after` is the id of something in the list")),
            },
        }
    }
}

/// How long a caller's plan is remembered, and of how many at most.
const CALLER_FRESH: Duration = Duration::from_secs(2);
/// See [`CALLER_FRESH`].
const MAX_CALLERS: usize = 20_000;

/// The longest part of a list.
pub const MAX_PAGE: u32 = 1000;

impl Tenants {
    /// Over this store; new organizations get `default_plan`.
    pub fn new(store: Store, plans: Plans, default_plan: &str) -> Self {
        let plans = Arc::new(plans);
        Self {
            budgets: Budgets::new(store.clone(), plans.clone()),
            callers: Arc::default(),
            store,
            plans,
            default_plan: default_plan.into(),
        }
    }

    /// The right of `principal` to the workspace with this name or id. A foreign workspace and one
    /// that there is not are the same.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Ambiguous`], or the store's.
    pub async fn authorize(&self, principal: &Principal, workspace: &str) -> Result<Scope, Error> {
        let id = workspace.parse::<WorkspaceId>().ok();
        let (reach, scopes, key) = match principal {
            Principal::User { id: user, .. } => {
                let reach = one(self.store.user_reach(*user, id, workspace).await?)?;
                let scopes = Role::parse(&reach.role).map_or(Scopes::NONE, Role::scopes);
                (reach, scopes, None)
            }
            Principal::Agent {
                workspace: home,
                scopes,
                key,
                rooms,
                ..
            } => {
                let reach = self.store.workspace_reach(*home).await?;
                let meant =
                    |reach: &ReachRow| id == Some(*home) || *reach.workspace.slug == *workspace;
                let reach = reach.filter(meant).ok_or(Error::NotFound("workspace"))?;
                let key = KeyRight {
                    id: *key,
                    rooms: rooms.clone(),
                };
                (reach, *scopes, Some(key))
            }
        };
        self.scope(reach, (principal.sender(), key), scopes)
    }

    /// The operator's right to a workspace: for whoever can open the database anyway.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Ambiguous`], or the store's.
    pub async fn authorize_operator(&self, workspace: &str) -> Result<Scope, Error> {
        let id = workspace.parse::<WorkspaceId>().ok();
        let reach = one(self.store.operator_reach(id, workspace).await?)?;
        self.scope(reach, (operator(), None), Scopes::ALL)
    }

    fn scope(
        &self,
        reach: ReachRow,
        sender: (Sender, Option<KeyRight>),
        scopes: Scopes,
    ) -> Result<Scope, Error> {
        let plan = self.plan(&reach.plan)?;
        let workspace = WorkspaceRef {
            id: reach.workspace.id,
            slug: reach.workspace.slug,
            name: reach.workspace.name,
        };
        let organization = reach.workspace.organization;
        let organization = (organization, self.budgets.of(organization));
        Ok(Scope::new(organization, workspace, plan, sender, scopes))
    }

    /// What organizations may still use.
    pub fn budgets(&self) -> &Budgets {
        &self.budgets
    }

    /// Every plan there is, the cheapest first.
    pub fn plans(&self) -> Vec<Arc<Plan>> {
        self.plans.all()
    }

    /// The plan that says how often the API may be called: of people the best among their organizations',
    /// the default one when they have none. What the store said some seconds ago counts.
    ///
    /// # Errors
    /// The store's.
    pub async fn plan_of_caller(&self, principal: &Principal) -> Result<Arc<Plan>, Error> {
        let id = principal.sender().id;
        if let Some(known) = self.callers.get(&id)
            && known.0.elapsed() < CALLER_FRESH
        {
            return Ok(known.1.clone());
        }
        let (asked, keys) = (
            Instant::now(),
            match principal {
                Principal::User { id, .. } => self.store.plans_of(*id).await?,
                Principal::Agent { workspace, .. } => {
                    let home = self.store.workspace_reach(*workspace).await?;
                    home.map(|home| home.plan).into_iter().collect()
                }
            },
        );
        let plans = keys.iter().filter_map(|key| self.plans.get(key));
        let best = plans.max_by_key(|plan| (plan.api_calls_per_minute, plan.api_call_burst));
        let plan = match best {
            Some(plan) => plan,
            None => self.plan(&self.default_plan)?,
        };
        if self.callers.len() >= MAX_CALLERS {
            self.callers
                .retain(|_, known| known.0.elapsed() < CALLER_FRESH);
        }
        if self.callers.len() < MAX_CALLERS {
            self.callers.insert(id, (asked, plan.clone()));
        }
        Ok(plan)
    }

    pub(super) fn plan(&self, key: &str) -> Result<Arc<Plan>, Error> {
        self.plans.get(key).ok_or_else(|| {
            Error::Fault(format!(
                "an organization's plan `{key}` is in no plans file"
            ))
        })
    }
}

fn one(mut found: Vec<ReachRow>) -> Result<ReachRow, Error> {
    match found.len() {
        0 => Err(Error::NotFound("workspace")),
        1 => Ok(found.remove(0)),
        _ => Err(Error::Ambiguous),
    }
}

/// Refuses what is no name for people.
pub(super) fn label<'a>(text: &'a str, fault: &'static str) -> Result<&'a str, Error> {
    match generic_corp_protocol::is_label(text) {
        true => Ok(text.trim()),
        false => Err(Error::Invalid(fault)),
    }
}

/// Refuses what is neither empty nor a name for people.
pub(super) fn maybe_label<'a>(text: &'a str, fault: &'static str) -> Result<&'a str, Error> {
    match text.trim() {
        "" => Ok(""),
        _ => label(text, fault),
    }
}

//! What was used, as it is added up and read. The log's writer counts what it commits by itself, in
//! `append`; here is what others count, each in a way that a repeat does not count twice.

use super::op::Actor;
use super::row::{maybe_text, number, text, uuid};
use super::sql::{Statement, Work, sql};
use super::{Error, Store};
use generic_corp_protocol::{OrganizationId, Timestamp, UserId, WorkspaceId};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Agents in one transaction, and rows in one statement.
const BATCH: usize = 200;
/// How long the last flush of a node that is gone is remembered.
const FLUSHES_KEPT_MS: i64 = 7 * 86_400_000;
const DAY_MS: i64 = 86_400_000;

/// Something that was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount {
    /// Who is billed.
    pub organization: OrganizationId,
    /// Where; nil for what concerns the organization.
    pub workspace: WorkspaceId,
    /// By whom.
    pub actor: Actor,
    /// The UTC day.
    pub day: String,
    /// What.
    pub meter: &'static str,
    /// How much.
    pub amount: i64,
}

/// What makes a repeated flush known.
#[derive(Clone, Copy, Debug)]
pub struct Flush {
    /// The process.
    pub node: Uuid,
    /// Counts up from 1.
    pub number: i64,
}

/// A time in which a node had an agent connected, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connected {
    /// Who is billed.
    pub organization: OrganizationId,
    /// Where.
    pub workspace: WorkspaceId,
    /// The agent and its key.
    pub actor: Actor,
    /// The beginning.
    pub from: i64,
    /// The end.
    pub to: i64,
}

/// What usage is told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// UTC days.
    Day,
    /// Workspaces.
    Workspace,
    /// Agents and people.
    Sender,
    /// Keys.
    Key,
}

/// A sum of what was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRow {
    /// The day, or the id of the workspace, sender or key.
    pub group: String,
    /// Its name, where it still has one.
    pub name: Option<String>,
    /// What.
    pub meter: String,
    /// How much.
    pub amount: i64,
}

impl Store {
    /// Adds up what a node has counted, unless this flush of it was added before.
    pub async fn add_usage(&self, flush: Flush, amounts: &[Amount]) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        let now = Timestamp::now().0;
        let fresh = sql(
            "INSERT INTO usage_flushes (node_id, number, time) VALUES ($1, $2, $3)
             ON CONFLICT (node_id) DO UPDATE SET number = excluded.number, time = excluded.time
             WHERE usage_flushes.number < excluded.number",
        )
        .bind(flush.node)
        .bind(flush.number)
        .bind(now)
        .execute(&mut transaction)
        .await?;
        if fresh == 1 {
            sql("DELETE FROM usage_flushes WHERE time < $1")
                .bind(now - FLUSHES_KEPT_MS)
                .execute(&mut transaction)
                .await?;
            // A shard for each node, so that nodes do not wait for each other.
            let shard = (flush.node.as_u128() % 64) as i64;
            add(&mut transaction, amounts, shard).await?;
        }
        transaction.commit().await
    }

    /// Counts the time of agents that was not counted before.
    pub async fn add_agent_time(&self, mut times: Vec<Connected>) -> Result<(), Error> {
        times.sort_by_key(|time| (time.actor.sender, time.from));
        let mut rest = &times[..];
        while !rest.is_empty() {
            let mut end = rest.len().min(BATCH);
            // One agent's times stay together: they are counted against one number.
            while end < rest.len() && rest[end].actor.sender == rest[end - 1].actor.sender {
                end += 1;
            }
            let (batch, after) = rest.split_at(end);
            self.add_agent_times(batch).await?;
            rest = after;
        }
        Ok(())
    }

    async fn add_agent_times(&self, times: &[Connected]) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        transaction.hold("agent time").await?;
        let mut known = sql("SELECT agent_id, counted_until FROM agent_time WHERE agent_id IN ");
        known.push_list(times.iter().map(|time| time.actor.sender));
        let mut until = BTreeMap::new();
        for row in known.fetch_all(&mut transaction).await? {
            until.insert(uuid(&row, "agent_id")?, number(&row, "counted_until")?);
        }
        let amounts = count(times, &mut until);
        if amounts.is_empty() {
            return transaction.commit().await;
        }
        let mut insert = sql("INSERT INTO agent_time (agent_id, counted_until) VALUES ");
        for (at, (agent, until)) in until.into_iter().enumerate() {
            insert.push(if at == 0 { "(" } else { ", (" });
            insert
                .push_bind(agent)
                .push(", ")
                .push_bind(until)
                .push(")");
        }
        insert.push(" ON CONFLICT (agent_id) DO UPDATE SET counted_until = excluded.counted_until");
        insert.execute(&mut transaction).await?;
        add(&mut transaction, &amounts, 0).await?;
        transaction.commit().await
    }

    /// What an organization used from one day to another, both included, told apart; with `seen_by` only in
    /// the workspaces that this person may come into.
    pub async fn usage(
        &self,
        organization: OrganizationId,
        (from, to): (&str, &str),
        by: By,
        seen_by: Option<UserId>,
    ) -> Result<Vec<UsageRow>, Error> {
        let mut query = sql("SELECT ");
        query.push(match by {
            By::Day => "u.day AS day, u.workspace_id AS id, NULL AS name",
            By::Workspace => "'' AS day, u.workspace_id AS id, w.slug AS name",
            By::Sender => "'' AS day, u.sender_id AS id, COALESCE(a.name, p.name) AS name",
            By::Key => "'' AS day, u.key_id AS id, k.prefix AS name",
        });
        query.push(", u.meter, CAST(SUM(u.amount) AS BIGINT) AS amount FROM usage u ");
        query.push(match by {
            By::Day => "",
            By::Workspace => "LEFT JOIN workspaces w ON w.id = u.workspace_id",
            By::Sender => {
                "LEFT JOIN agents a ON a.id = u.sender_id LEFT JOIN users p ON p.id = u.sender_id"
            }
            By::Key => "LEFT JOIN api_keys k ON k.id = u.key_id",
        });
        query
            .push(" WHERE u.organization_id = ")
            .push_bind(organization.0);
        query.push(" AND u.day >= ").push_bind(from);
        query.push(" AND u.day <= ").push_bind(to);
        if let Some(user) = seen_by {
            query.push(" AND (u.workspace_id = ").push_bind(Uuid::nil());
            query.push(
                " OR u.workspace_id IN (SELECT workspace_id FROM workspace_roles WHERE user_id = ",
            );
            query.push_bind(user.0).push("))");
        }
        query.push(" GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 4");
        let rows = query.fetch_all(self.read()).await?;
        rows.iter()
            .map(|row| {
                Ok(UsageRow {
                    group: match by {
                        By::Day => text(row, "day")?,
                        _ => uuid(row, "id")?.to_string(),
                    },
                    name: maybe_text(row, "name")?,
                    meter: text(row, "meter")?,
                    amount: number(row, "amount")?,
                })
            })
            .collect()
    }

    /// What an organization used since this day, by meter; what it stores counts since ever.
    pub async fn totals(
        &self,
        organization: OrganizationId,
        since: &str,
    ) -> Result<BTreeMap<String, i64>, Error> {
        let rows = sql(
            "SELECT meter, CAST(SUM(amount) AS BIGINT) AS amount FROM usage
             WHERE organization_id = $1 AND meter IN ('messages', 'api_calls', 'agent_ms')
             AND day >= $2 GROUP BY meter
             UNION ALL
             SELECT meter, CAST(SUM(amount) AS BIGINT) AS amount FROM usage
             WHERE organization_id = $1 AND meter = 'stored_bytes' GROUP BY meter",
        )
        .bind(organization.0)
        .bind(since)
        .fetch_all(self.read())
        .await?;
        rows.iter()
            .map(|row| Ok((text(row, "meter")?, number(row, "amount")?)))
            .collect()
    }
}

/// Adds to the sums, in one order, so that writers of one shard never wait in a circle.
pub(super) async fn add(
    transaction: &mut Work,
    amounts: &[Amount],
    shard: i64,
) -> Result<(), Error> {
    let mut sums: BTreeMap<_, i64> = BTreeMap::new();
    for amount in amounts {
        let row = (
            amount.organization.0,
            amount.workspace.0,
            amount.day.as_str(),
            amount.meter,
            amount.actor,
        );
        *sums.entry(row).or_default() += amount.amount;
    }
    let sums: Vec<_> = sums.into_iter().collect();
    for rows in sums.chunks(BATCH) {
        let mut insert = sql(
            "INSERT INTO usage (organization_id, workspace_id, day, meter, sender_id, key_id, amount, shard)
             VALUES ",
        );
        for (at, ((organization, workspace, day, meter, actor), amount)) in rows.iter().enumerate()
        {
            insert.push(if at == 0 { "(" } else { ", (" });
            insert.push_bind(*organization).push(", ");
            insert.push_bind(*workspace).push(", ");
            insert.push_bind(*day).push(", ");
            insert.push_bind(*meter).push(", ");
            insert.push_bind(actor.sender).push(", ");
            insert.push_bind(actor.key).push(", ");
            insert.push_bind(*amount).push(", ");
            insert.push_bind(shard).push(")");
        }
        insert.push(
            " ON CONFLICT (organization_id, workspace_id, day, meter, sender_id, key_id, shard)
             DO UPDATE SET amount = usage.amount + excluded.amount",
        );
        Statement::execute(insert, &mut *transaction).await?;
    }
    Ok(())
}

/// What of these times lies behind what was counted, by day; `until` moves on.
fn count(times: &[Connected], until: &mut BTreeMap<Uuid, i64>) -> Vec<Amount> {
    let mut amounts = Vec::new();
    for time in times {
        let counted = until.entry(time.actor.sender).or_insert(i64::MIN);
        let mut from = time.from.max(*counted);
        while from < time.to {
            let end = time.to.min((from.div_euclid(DAY_MS) + 1) * DAY_MS);
            amounts.push(Amount {
                organization: time.organization,
                workspace: time.workspace,
                actor: time.actor,
                day: Timestamp(from).day(),
                meter: "agent_ms",
                amount: end - from,
            });
            from = end;
        }
        *counted = (*counted).max(time.to);
    }
    amounts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(agent: u128, from: i64, to: i64) -> Connected {
        Connected {
            organization: OrganizationId(Uuid::from_u128(1)),
            workspace: WorkspaceId(Uuid::from_u128(2)),
            actor: Actor {
                sender: Uuid::from_u128(agent),
                key: Uuid::from_u128(3),
            },
            from,
            to,
        }
    }

    fn sum(amounts: &[Amount]) -> i64 {
        amounts.iter().map(|amount| amount.amount).sum()
    }

    #[test]
    fn overlapping_times_and_repeats_count_once() {
        let mut until = BTreeMap::new();
        let times = [time(9, 0, 5_000), time(9, 2_000, 7_000), time(8, 0, 1_000)];
        assert_eq!(sum(&count(&times, &mut until)), 8_000);
        assert_eq!(sum(&count(&times, &mut until)), 0, "a repeat");
        assert_eq!(sum(&count(&[time(9, 6_000, 9_000)], &mut until)), 2_000);
        assert_eq!(
            sum(&count(&[time(9, 20_000, 21_000)], &mut until)),
            1_000,
            "a gap"
        );
        assert_eq!(
            sum(&count(&[time(9, 30_000, 25_000)], &mut until)),
            0,
            "a step back"
        );
    }

    #[test]
    fn a_month_that_ends_splits_the_time() {
        let midnight = "2026-12-01T00:00:00Z"
            .parse::<Timestamp>()
            .expect("a time")
            .0;
        let times = [time(9, midnight - 1_500, midnight + 500)];
        let amounts = count(&times, &mut BTreeMap::new());
        let days: Vec<_> = amounts.iter().map(|a| (a.day.as_str(), a.amount)).collect();
        assert_eq!(days, [("2026-11-30", 1_500), ("2026-12-01", 500)]);
    }

    proptest::proptest! {
        #[test]
        fn what_is_counted_is_never_more_than_the_union(
            times in proptest::collection::vec((0i64..500, 0i64..100), 1..40)
        ) {
            let times: Vec<_> = times.iter().map(|(from, length)| time(9, *from, from + length)).collect();
            let mut union = std::collections::BTreeSet::new();
            for time in &times {
                union.extend(time.from..time.to);
            }
            let mut sorted = times.clone();
            sorted.sort_by_key(|time| time.from);
            let mut until = BTreeMap::new();
            proptest::prop_assert_eq!(sum(&count(&sorted, &mut until)), union.len() as i64);
            let mut until = BTreeMap::new();
            proptest::prop_assert!(sum(&count(&times, &mut until)) <= union.len() as i64);
        }
    }
}

//! Writes what a batch leaves: a statement for all rows of a kind.

use super::super::super::Error;
use super::super::super::log::{role_name, sender_kind};
use super::super::super::op::Tenant;
use super::super::plan::{Change, Plan, Stream};
use sqlx::PgConnection;

/// Writes what the batch leaves; usage is counted in this shard.
pub(super) async fn flush(
    connection: &mut PgConnection,
    plan: &Plan,
    shard: i64,
) -> Result<(), Error> {
    insert_events(connection, plan).await?;
    update_rooms(connection, plan).await?;
    insert_streams(connection, plan).await?;
    update_streams(connection, plan).await?;
    insert_chunks(connection, plan).await?;
    renew(connection, plan).await?;
    count_usage(connection, plan, shard).await
}

async fn insert_events(connection: &mut PgConnection, plan: &Plan) -> Result<(), Error> {
    if plan.events.is_empty() {
        return Ok(());
    }
    let events = || plan.events.iter().map(|entry| &*entry.event);
    let mentions = |event: &generic_corp_protocol::Event| {
        (!event.mentions.is_empty()).then(|| generic_corp_protocol::encode(&event.mentions))
    };
    sqlx::query(
        "INSERT INTO events (room_id, seq, time, sender_kind, sender_id, sender_name, kind, body, key,
                             mentions, reply_to)
         SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::uuid[], $6::text[],
                              $7::text[], $8::text[], $9::text[], $10::text[], $11::bigint[])",
    )
    .bind(plan.events.iter().map(|entry| entry.room.0).collect::<Vec<_>>())
    .bind(events().map(|event| event.seq as i64).collect::<Vec<_>>())
    .bind(events().map(|event| event.time.0).collect::<Vec<_>>())
    .bind(events().map(|event| sender_kind(event.sender.kind)).collect::<Vec<_>>())
    .bind(events().map(|event| event.sender.id).collect::<Vec<_>>())
    .bind(events().map(|event| event.sender.name.as_str()).collect::<Vec<_>>())
    .bind(events().map(|event| event.kind.as_str()).collect::<Vec<_>>())
    .bind(events().map(|event| event.body.get()).collect::<Vec<_>>())
    .bind(events().map(|event| event.key.as_deref()).collect::<Vec<_>>())
    .bind(events().map(mentions).collect::<Vec<_>>())
    .bind(events().map(|event| event.reply_to.map(|seq| seq as i64)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn update_rooms(connection: &mut PgConnection, plan: &Plan) -> Result<(), Error> {
    let grown: Vec<_> = plan.rooms.iter().filter(|(_, room)| room.grown).collect();
    if grown.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE rooms SET head = grown.head, last_at = $3
         FROM UNNEST($1::uuid[], $2::bigint[]) AS grown (id, head) WHERE rooms.id = grown.id",
    )
    .bind(grown.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
    .bind(
        grown
            .iter()
            .map(|(_, room)| room.head as i64)
            .collect::<Vec<_>>(),
    )
    .bind(plan.now.0)
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_streams(connection: &mut PgConnection, plan: &Plan) -> Result<(), Error> {
    let new: Vec<&Stream> = plan.changed(Change::New).collect();
    if new.is_empty() {
        return Ok(());
    }
    let infos = || new.iter().map(|stream| &stream.info);
    sqlx::query(
        "INSERT INTO streams (id, workspace_id, room_id, sender_kind, sender_id, sender_name, key, name,
                              role, media_type, tool_call, parent, state, length, opened_seq, opened_at,
                              closed_at, exit_code, lease_until, cancel)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[],
                              $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::uuid[],
                              $13::text[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[],
                              $18::bigint[], $19::bigint[], $20::text[])",
    )
    .bind(infos().map(|info| info.stream.0).collect::<Vec<_>>())
    .bind(new.iter().map(|stream| stream.tenant.workspace.0).collect::<Vec<_>>())
    .bind(new.iter().map(|stream| stream.room.0).collect::<Vec<_>>())
    .bind(infos().map(|info| sender_kind(info.sender.kind)).collect::<Vec<_>>())
    .bind(infos().map(|info| info.sender.id).collect::<Vec<_>>())
    .bind(infos().map(|info| info.sender.name.as_str()).collect::<Vec<_>>())
    .bind(new.iter().map(|stream| stream.key.as_str()).collect::<Vec<_>>())
    .bind(infos().map(|info| info.name.as_str()).collect::<Vec<_>>())
    .bind(infos().map(|info| role_name(info.role)).collect::<Vec<_>>())
    .bind(infos().map(|info| info.media_type.as_str()).collect::<Vec<_>>())
    .bind(infos().map(|info| info.tool_call.as_deref()).collect::<Vec<_>>())
    .bind(infos().map(|info| info.parent.map(|parent| parent.0)).collect::<Vec<_>>())
    .bind(infos().map(|info| info.state.as_str()).collect::<Vec<_>>())
    .bind(infos().map(|info| info.length as i64).collect::<Vec<_>>())
    .bind(infos().map(|info| info.opened_seq as i64).collect::<Vec<_>>())
    .bind(infos().map(|info| info.opened_at.0).collect::<Vec<_>>())
    .bind(infos().map(|info| info.closed_at.map(|time| time.0)).collect::<Vec<_>>())
    .bind(infos().map(|info| info.exit_code.map(i64::from)).collect::<Vec<_>>())
    .bind(new.iter().map(|stream| stream.lease_until).collect::<Vec<_>>())
    .bind(new.iter().map(|stream| stream.cancel.as_ref().map(generic_corp_protocol::encode)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn update_streams(connection: &mut PgConnection, plan: &Plan) -> Result<(), Error> {
    let changed: Vec<&Stream> = plan.changed(Change::Row).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let infos = || changed.iter().map(|stream| &stream.info);
    sqlx::query(
        "UPDATE streams SET length = new.length, lease_until = new.lease_until, state = new.state,
                            exit_code = new.exit_code, closed_at = new.closed_at, cancel = new.cancel
         FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[],
                     $7::text[])
              AS new (id, length, lease_until, state, exit_code, closed_at, cancel)
         WHERE streams.id = new.id",
    )
    .bind(infos().map(|info| info.stream.0).collect::<Vec<_>>())
    .bind(infos().map(|info| info.length as i64).collect::<Vec<_>>())
    .bind(changed.iter().map(|stream| stream.lease_until).collect::<Vec<_>>())
    .bind(infos().map(|info| info.state.as_str()).collect::<Vec<_>>())
    .bind(infos().map(|info| info.exit_code.map(i64::from)).collect::<Vec<_>>())
    .bind(infos().map(|info| info.closed_at.map(|time| time.0)).collect::<Vec<_>>())
    .bind(changed.iter().map(|stream| stream.cancel.as_ref().map(generic_corp_protocol::encode)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_chunks(connection: &mut PgConnection, plan: &Plan) -> Result<(), Error> {
    let grown: Vec<&Stream> = plan
        .streams
        .values()
        .filter(|stream| !stream.pending.is_empty())
        .collect();
    if grown.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO stream_chunks (stream_id, start, time, data)
         SELECT id, start, $3, data FROM UNNEST($1::uuid[], $2::bigint[], $4::bytea[]) AS new (id, start, data)",
    )
    .bind(grown.iter().map(|stream| stream.info.stream.0).collect::<Vec<_>>())
    .bind(grown.iter().map(|stream| stream.chunk_start() as i64).collect::<Vec<_>>())
    .bind(plan.now.0)
    .bind(grown.iter().map(|stream| &stream.pending[..]).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn renew(connection: &mut PgConnection, plan: &Plan) -> Result<(), Error> {
    if plan.renewed.is_empty() {
        return Ok(());
    }
    // In order of their ids, as everything that locks streams. A lease that was ended is not begun again.
    sqlx::query(
        "UPDATE streams SET lease_until = $1 WHERE id IN (
             SELECT id FROM streams WHERE id = ANY($2) AND state = 'open' AND lease_until > 0
             ORDER BY id FOR UPDATE)",
    )
    .bind(plan.lease_until)
    .bind(plan.renewed.iter().map(|id| id.0).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Counts in the writer's own shard, so that nodes which write for one tenant do not wait for each other.
async fn count_usage(connection: &mut PgConnection, plan: &Plan, shard: i64) -> Result<(), Error> {
    if plan.usage.is_empty() {
        return Ok(());
    }
    // Sorted, so that writers of one shard wait for each other in one order.
    let mut usage: Vec<_> = plan.usage.iter().collect();
    usage.sort_by_key(|((tenant, meter), _)| {
        let Tenant {
            organization,
            workspace,
            actor,
        } = *tenant;
        (organization, workspace, *meter, actor)
    });
    let tenants = || usage.iter().map(|((tenant, _), _)| tenant);
    sqlx::query(
        "INSERT INTO usage (organization_id, workspace_id, day, meter, amount, sender_id, key_id, shard)
         SELECT organization_id, workspace_id, $5, meter, amount, sender_id, key_id, $6
         FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $7::uuid[], $8::uuid[])
              AS new (organization_id, workspace_id, meter, amount, sender_id, key_id)
         ON CONFLICT (organization_id, workspace_id, day, meter, sender_id, key_id, shard)
         DO UPDATE SET amount = usage.amount + excluded.amount",
    )
    .bind(
        tenants()
            .map(|tenant| tenant.organization.0)
            .collect::<Vec<_>>(),
    )
    .bind(
        tenants()
            .map(|tenant| tenant.workspace.0)
            .collect::<Vec<_>>(),
    )
    .bind(
        usage
            .iter()
            .map(|((_, meter), _)| *meter)
            .collect::<Vec<_>>(),
    )
    .bind(usage.iter().map(|(_, amount)| **amount).collect::<Vec<_>>())
    .bind(plan.day())
    .bind(shard)
    .bind(tenants().map(|tenant| tenant.actor.sender).collect::<Vec<_>>())
    .bind(tenants().map(|tenant| tenant.actor.key).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

-- Usage by whoever used it, and by the key they came with; nil where it is nobody's in particular.
ALTER TABLE usage ADD COLUMN sender_id UUID NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
ALTER TABLE usage ADD COLUMN key_id UUID NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
ALTER TABLE usage DROP CONSTRAINT usage_pkey;
ALTER TABLE usage ADD PRIMARY KEY (organization_id, workspace_id, day, meter, sender_id, key_id, shard);
CREATE INDEX usage_by_meter ON usage (organization_id, meter, day);
-- What is stored already: from here on it is counted in the transaction that stores or removes it.
INSERT INTO usage (organization_id, workspace_id, day, meter, amount)
SELECT w.organization_id, w.id, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD'), 'stored_bytes',
       COALESCE((SELECT SUM(octet_length(e.body)) FROM events e JOIN rooms r ON r.id = e.room_id
                 WHERE r.workspace_id = w.id), 0)
       + COALESCE((SELECT SUM(s.length) FROM streams s WHERE s.workspace_id = w.id), 0)
FROM workspaces w;

-- The newest flush of each node's counts: one that is repeated is not counted again.
CREATE TABLE usage_flushes (
    node_id UUID PRIMARY KEY,
    number  BIGINT NOT NULL,
    time    BIGINT NOT NULL
);

-- Up to when an agent's connected time is counted, whichever nodes it was connected to.
CREATE TABLE agent_time (
    agent_id      UUID PRIMARY KEY,
    counted_until BIGINT NOT NULL
);

-- A limit that was come near to, reached or passed: once for each level, in per cent, and each month.
CREATE TABLE alerts (
    id              UUID PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    meter           TEXT NOT NULL,
    level           BIGINT NOT NULL,
    -- The month, as 2026-11.
    period          TEXT NOT NULL,
    used            BIGINT NOT NULL,
    allowed         BIGINT NOT NULL,
    time            BIGINT NOT NULL,
    UNIQUE (organization_id, meter, level, period)
);

-- What an organization sets for itself, below what its plan allows.
CREATE TABLE organization_limits (
    organization_id       UUID PRIMARY KEY REFERENCES organizations (id) ON DELETE CASCADE,
    -- The most that may be charged beyond the plan's price in a month; NULL is no ceiling.
    overage_ceiling_cents BIGINT
);

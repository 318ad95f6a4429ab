-- Where an organization wants to be told. The address of a Slack hook is a secret, so addresses are sealed as the
-- secrets are, with a key made of the hub's own.
CREATE TABLE webhooks (
    id              BLOB PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    kind            TEXT NOT NULL CHECK (kind IN ('webhook', 'slack')),
    url             BLOB NOT NULL,
    secret          BLOB NOT NULL,
    -- After a rotation both sign until this time.
    former_secret   BLOB,
    former_until    BIGINT,
    disabled_at     BIGINT,
    created_at      BIGINT NOT NULL
);
CREATE INDEX webhooks_by_organization ON webhooks (organization_id);

-- What is to be sent, and what came of it: by webhook, or by mail to an address, or to the operator.
CREATE TABLE deliveries (
    id              BLOB PRIMARY KEY,
    organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    channel         TEXT NOT NULL CHECK (channel IN ('webhook', 'mail', 'operator')),
    webhook_id      BLOB REFERENCES webhooks (id) ON DELETE CASCADE,
    address         TEXT,
    event           TEXT NOT NULL,
    body            TEXT NOT NULL,
    state           TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed')),
    attempts        BIGINT NOT NULL DEFAULT 0,
    next_at         BIGINT NOT NULL,
    -- The node that sends it has until then to say what came of it.
    leased_until    BIGINT NOT NULL DEFAULT 0,
    -- The last attempt: the status of the answer, or why there was none.
    status          BIGINT,
    error           TEXT,
    created_at      BIGINT NOT NULL,
    ended_at        BIGINT
);
CREATE INDEX deliveries_waiting ON deliveries (next_at) WHERE state = 'waiting';
CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, id);
CREATE INDEX deliveries_ended ON deliveries (ended_at) WHERE ended_at IS NOT NULL;

-- When an alert was turned into deliveries. Those of before are told nobody.
ALTER TABLE alerts ADD COLUMN told_at BIGINT;
UPDATE alerts SET told_at = time;
CREATE INDEX alerts_untold ON alerts (id) WHERE told_at IS NULL;

-- Organizations that Stripe knows, and what their subscriptions were when they were last fetched.
CREATE TABLE billing (
    organization_id UUID PRIMARY KEY REFERENCES organizations (id) ON DELETE CASCADE,
    customer_id     TEXT NOT NULL UNIQUE,
    subscription_id TEXT,
    -- Stripe's words; NULL while there was never a subscription.
    status          TEXT,
    price_id        TEXT,
    period_ends_at  BIGINT,
    past_due_since  BIGINT,
    -- What was made of it: a plan that the operator gives stays until the subscription changes.
    applied         TEXT NOT NULL DEFAULT '',
    -- When the subscription is fetched again; whoever fetches it moves this first.
    due_at          BIGINT NOT NULL,
    failures        BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX billing_due ON billing (due_at);

-- Events of Stripe that were taken, so that a repeat is known.
CREATE TABLE stripe_events (
    id   TEXT PRIMARY KEY,
    time BIGINT NOT NULL
);
CREATE INDEX stripe_events_by_time ON stripe_events (time);

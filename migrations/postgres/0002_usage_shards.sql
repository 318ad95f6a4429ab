-- Nodes that commit for one tenant at the same time count in rows of their own: they do not wait for each
-- other. What was used is the sum.
ALTER TABLE usage ADD COLUMN shard BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage DROP CONSTRAINT usage_pkey;
ALTER TABLE usage ADD PRIMARY KEY (organization_id, workspace_id, day, meter, shard);

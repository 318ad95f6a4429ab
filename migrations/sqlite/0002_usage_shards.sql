-- As on PostgreSQL, where nodes that commit for one tenant at the same time count in rows of their own. Here
-- one node writes, all in shard 0.
CREATE TABLE usage_shards (
    organization_id BLOB NOT NULL,
    workspace_id    BLOB NOT NULL,
    day             TEXT NOT NULL,
    meter           TEXT NOT NULL,
    amount          BIGINT NOT NULL,
    shard           BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (organization_id, workspace_id, day, meter, shard)
) WITHOUT ROWID;
INSERT INTO usage_shards (organization_id, workspace_id, day, meter, amount)
SELECT organization_id, workspace_id, day, meter, amount FROM usage;
DROP TABLE usage;
ALTER TABLE usage_shards RENAME TO usage;

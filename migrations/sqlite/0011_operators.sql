-- Who runs the hub: sees its nodes. At first whoever set it up.
ALTER TABLE users ADD COLUMN operator BIGINT NOT NULL DEFAULT 0;
UPDATE users SET operator = 1 WHERE id = (SELECT id FROM users ORDER BY created_at, id LIMIT 1);

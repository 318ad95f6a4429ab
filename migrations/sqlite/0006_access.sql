-- Who may come into a workspace: everyone of the organization, with their role there, or those who are listed
-- and, always, owners and admins. What is deleted is out of reach at once; its rows go little by little.
ALTER TABLE workspaces ADD COLUMN access TEXT NOT NULL DEFAULT 'everyone' CHECK (access IN ('everyone', 'listed'));
ALTER TABLE workspaces ADD COLUMN deleted_at BIGINT;
CREATE INDEX workspaces_deleted ON workspaces (deleted_at) WHERE deleted_at IS NOT NULL;
ALTER TABLE organizations ADD COLUMN deleted_at BIGINT;
CREATE INDEX organizations_deleted ON organizations (deleted_at) WHERE deleted_at IS NOT NULL;

-- Those who are listed, each with what they are in this workspace. Whoever leaves the organization is off.
CREATE TABLE workspace_members (
    workspace_id    BLOB NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    organization_id BLOB NOT NULL,
    user_id         BLOB NOT NULL,
    role            TEXT NOT NULL CHECK (role IN ('admin', 'member', 'viewer')),
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, user_id),
    FOREIGN KEY (organization_id, user_id) REFERENCES memberships (organization_id, user_id) ON DELETE CASCADE
);
CREATE INDEX workspace_members_by_membership ON workspace_members (organization_id, user_id);

-- What each person is in each workspace they may come into: the one place that says so.
CREATE VIEW workspace_roles AS
SELECT w.id AS workspace_id, w.organization_id, m.user_id,
       CASE WHEN m.role IN ('owner', 'admin') OR w.access = 'everyone' THEN m.role ELSE l.role END AS role
FROM workspaces w
JOIN memberships m ON m.organization_id = w.organization_id
LEFT JOIN workspace_members l ON l.workspace_id = w.id AND l.user_id = m.user_id
WHERE w.deleted_at IS NULL AND (m.role IN ('owner', 'admin') OR w.access = 'everyone' OR l.role IS NOT NULL);

-- Rooms that a key opens, separated by commas; a name may end in *. NULL: all of them.
ALTER TABLE api_keys ADD COLUMN rooms TEXT;

-- Events up to this one were removed.
ALTER TABLE rooms ADD COLUMN trimmed BIGINT NOT NULL DEFAULT 0;
-- Streams whose bytes are being removed, a few at a time.
CREATE INDEX streams_removed ON streams (id) WHERE state = 'removed';

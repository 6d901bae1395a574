-- Who may do what (access), which agents exist (fleet), and answers kept for repeated requests (api).
-- Secrets are 256 random bits, so a plain SHA-256 is a safe record of them: nothing can be guessed that a slow hash would protect.

CREATE TABLE api_token (
    id           uuid PRIMARY KEY,
    name         text        NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    role         text        NOT NULL CHECK (role IN ('viewer', 'technician', 'admin')),
    site_ids     uuid[],                                     -- null: all sites
    secret_hash  bytea       NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
    created_at   timestamptz NOT NULL,
    created_by   text        NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz,                                -- written in batches, up to a minute late
    revoked_at   timestamptz,
    CHECK (site_ids IS NULL OR cardinality(site_ids) > 0)
);

CREATE TABLE enrollment_token (
    id          uuid PRIMARY KEY,
    site_id     uuid        NOT NULL,
    secret_hash bytea       NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
    max_uses    integer CHECK (max_uses > 0),                -- null: without a limit
    uses        integer     NOT NULL DEFAULT 0 CHECK (uses >= 0 AND (max_uses IS NULL OR uses <= max_uses)),
    created_at  timestamptz NOT NULL,
    created_by  text        NOT NULL,
    expires_at  timestamptz,
    revoked_at  timestamptz
);

-- At most two rows for an agent: the key it uses, and one that was handed out and is not confirmed yet.
CREATE TABLE agent_key (
    id                    uuid PRIMARY KEY,
    agent_id              uuid        NOT NULL,
    secret_hash           bytea       NOT NULL CHECK (length(secret_hash) = 32),
    created_at            timestamptz NOT NULL,
    confirmed_at          timestamptz,                       -- an Auth with it arrived, or anything at all after enrolment
    rotation_requested_at timestamptz                        -- the next Auth with this key gets a new one
);
CREATE UNIQUE INDEX agent_key_one_unconfirmed ON agent_key (agent_id) WHERE confirmed_at IS NULL;
CREATE UNIQUE INDEX agent_key_one_confirmed ON agent_key (agent_id) WHERE confirmed_at IS NOT NULL;

-- Append only.
CREATE TABLE audit (
    id             uuid PRIMARY KEY,                         -- version 7: sorts by time
    at             timestamptz NOT NULL,
    actor          text        NOT NULL,                     -- name of the token, or agent, enrollment, system
    actor_id       uuid,
    action         text        NOT NULL,
    target         text        NOT NULL,
    site_id        uuid,
    remote_address text,
    result         text        NOT NULL,
    detail         jsonb       NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_actor ON audit (actor, id);
CREATE INDEX audit_action ON audit (action, id);

CREATE TABLE site (
    id         uuid PRIMARY KEY,
    name       text        NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 200),
    created_at timestamptz NOT NULL
);
INSERT INTO site (id, name, created_at) VALUES ('00000000-0000-7000-8000-000000000001', 'default', now());

CREATE TABLE agent (
    id                      uuid PRIMARY KEY,
    site_id                 uuid        NOT NULL REFERENCES site (id),
    device_id               text        NOT NULL,
    hostname                text        NOT NULL,
    display_name            text,
    os_family               text        NOT NULL CHECK (os_family IN ('linux', 'windows', 'macos', 'other')),
    os_name                 text        NOT NULL,
    os_version              text        NOT NULL,
    os_arch                 text        NOT NULL,
    agent_version           text        NOT NULL,
    capabilities            jsonb       NOT NULL DEFAULT '[]',
    reported_tags           jsonb       NOT NULL DEFAULT '{}',
    operator_tags           jsonb,                           -- null: what the agent reports counts
    pending                 boolean     NOT NULL DEFAULT false,
    same_device_as          uuid,
    enrolled_with           uuid        NOT NULL,
    enrollment_confirmed_at timestamptz,                     -- null: its AuthAck may have been lost
    created_at              timestamptz NOT NULL,
    updated_at              timestamptz NOT NULL,
    deleted_at              timestamptz,
    CHECK (NOT pending OR same_device_as IS NOT NULL)
);
CREATE INDEX agent_device ON agent (device_id) WHERE deleted_at IS NULL;
CREATE INDEX agent_site ON agent (site_id, id) WHERE deleted_at IS NULL;
CREATE INDEX agent_tags ON agent USING gin ((coalesce(operator_tags, reported_tags))) WHERE deleted_at IS NULL;

CREATE TABLE config (
    version    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id    uuid REFERENCES site (id) ON DELETE CASCADE,
    agent_id   uuid REFERENCES agent (id) ON DELETE CASCADE,
    body       jsonb       NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text        NOT NULL,
    CHECK (num_nonnulls(site_id, agent_id) = 1)
);
CREATE INDEX config_site ON config (site_id, version DESC) WHERE site_id IS NOT NULL;
CREATE INDEX config_agent ON config (agent_id, version DESC) WHERE agent_id IS NOT NULL;

-- Answers of creating POSTs, kept for 24 h. Commands keep their keys in their own table, in the transaction that stores them.
-- An answer may hold a secret that is shown once, so it is encrypted with a key that only the caller's own secret leads to.
CREATE TABLE idempotent_answer (
    caller       uuid        NOT NULL,
    key_hash     bytea       NOT NULL CHECK (length(key_hash) = 32),
    request_hash bytea       NOT NULL CHECK (length(request_hash) = 32),
    status       integer,                                    -- null only inside the transaction that makes the answer
    location     text,
    body         bytea,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (caller, key_hash)
);
CREATE INDEX idempotent_answer_age ON idempotent_answer (created_at);

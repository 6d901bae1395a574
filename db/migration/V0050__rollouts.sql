-- One command for many agents. Which agents is decided once, when it is asked for; each gets its command when its turn comes.
CREATE TABLE rollout (
    id               uuid        PRIMARY KEY,
    created_at       timestamptz NOT NULL,
    created_by       text        NOT NULL,
    token_id         uuid        NOT NULL,
    state            text        NOT NULL CHECK (state IN ('held', 'running', 'stopped', 'cancelled', 'done')),
    state_since      timestamptz NOT NULL,
    why              text        NOT NULL,
    approved_by      text,
    approved_token   uuid,
    max_concurrency  integer     NOT NULL CHECK (max_concurrency > 0),
    max_errors       integer     CHECK (max_errors > 0),
    targets          integer     NOT NULL CHECK (targets > 0),
    interpreter      text,
    script           text        NOT NULL,
    args             json        NOT NULL,
    env              json        NOT NULL,
    cwd              text,
    timeout_s        integer     NOT NULL,
    ttl_s            integer     NOT NULL,
    max_output_bytes bigint      NOT NULL,
    effect           text        NOT NULL,
    note             text,
    CONSTRAINT rollout_second_person CHECK (approved_token IS DISTINCT FROM token_id)
);
CREATE INDEX rollout_open ON rollout (created_at) WHERE state IN ('held', 'running');
CREATE INDEX rollout_ended ON rollout (state_since) WHERE state IN ('stopped', 'cancelled');

-- An agent of it: waits, or has its command, or ended without one.
CREATE TABLE rollout_target (
    rollout_id uuid    NOT NULL REFERENCES rollout (id),
    n          integer NOT NULL,
    agent_id   uuid    NOT NULL,
    site_id    uuid    NOT NULL,
    os_family  text    NOT NULL,
    command_id uuid,
    ended      text    CHECK (ended IN ('cancelled', 'expired')),
    PRIMARY KEY (rollout_id, n),
    CONSTRAINT rollout_target_one_end CHECK (command_id IS NULL OR ended IS NULL)
);
CREATE INDEX rollout_target_command ON rollout_target (command_id) WHERE command_id IS NOT NULL;

-- Whose token asked for a command: a token that is revoked takes with it what no agent was offered yet.
ALTER TABLE command ADD COLUMN token_id uuid;

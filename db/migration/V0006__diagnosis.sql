-- Where commands get lost. Copies what it rests on, so that a report outlives the evidence's own retention.

CREATE TABLE diagnosis (
    id                 uuid        PRIMARY KEY, -- version 7: sorts by time
    agent_id           uuid        NOT NULL,
    site_id            uuid        NOT NULL,    -- the agent's when it was begun: decides who may see it
    kind               text        NOT NULL CHECK (kind IN ('probe', 'first_round', 'command')),
    status             text        NOT NULL CHECK (status IN ('running', 'done')),
    asked_by           text        NOT NULL,
    started_at         timestamptz NOT NULL,
    finished_at        timestamptz,
    duration_s         integer     CHECK (duration_s BETWEEN 10 AND 600),
    evict_and_repeat   boolean     NOT NULL DEFAULT false,
    command_id         uuid,                    -- the judged command; of a probe its own
    command_ended_at   timestamptz,             -- which end of it: one that is delivered again may end again
    connection_id      uuid,
    verdict            text,
    confidence         text        CHECK (confidence IN ('high', 'medium', 'low')),
    rule               text,
    underlying_verdict text,
    repeat_of          uuid,
    rung               text,                    -- where the judged command stopped
    limit_reached      boolean,
    began_with         text        CHECK (began_with IN ('first_connection', 'reconnect', 'config_update', 'nothing_seen')),
    report             jsonb,
    CHECK ((status = 'done') = (verdict IS NOT NULL)),
    CHECK ((status = 'done') = (finished_at IS NOT NULL)),
    CHECK ((status = 'done') = (report IS NOT NULL)),
    CHECK ((kind = 'command') = (command_ended_at IS NOT NULL))
);
CREATE UNIQUE INDEX diagnosis_one_probe ON diagnosis (agent_id) WHERE status = 'running' AND kind = 'probe';
CREATE UNIQUE INDEX diagnosis_of_an_end ON diagnosis (command_id, command_ended_at) WHERE kind = 'command';
CREATE INDEX diagnosis_of_command ON diagnosis (command_id, id) WHERE command_id IS NOT NULL;
CREATE INDEX diagnosis_of_agent ON diagnosis (agent_id, id);

-- What is looked for: commands that ended without an ack. Holds failures only.
CREATE INDEX command_ended_unacked ON command (ended_at)
    WHERE state IN ('undeliverable', 'expired', 'timed_out') AND acked_at IS NULL;

-- Which process opened a connection: one that comes back after another one took over is a second living machine.
CREATE TABLE session_instance (
    connection_id uuid        PRIMARY KEY,
    agent_id      uuid        NOT NULL,
    epoch         bigint      NOT NULL,
    at            timestamptz NOT NULL,
    instance_id   uuid        NOT NULL
);
CREATE INDEX session_instance_agent ON session_instance (agent_id, epoch);
CREATE INDEX session_instance_age ON session_instance (at);

-- Agents that said that they did not apply a configuration.
CREATE TABLE config_refusal (
    connection_id uuid        NOT NULL,
    version       bigint      NOT NULL,
    at            timestamptz NOT NULL,
    error         text        NOT NULL,
    PRIMARY KEY (connection_id, version)
);
CREATE INDEX config_refusal_age ON config_refusal (at);

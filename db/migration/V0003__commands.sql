-- Commands: what was asked, how far each offer of it got, what happened to it, and what it printed. No foreign keys to other rooms' tables.

CREATE TABLE command (
    id                  uuid        PRIMARY KEY,
    seq                 bigint      GENERATED ALWAYS AS IDENTITY,
    agent_id            uuid        NOT NULL,
    site_id             uuid        NOT NULL,
    created_at          timestamptz NOT NULL,
    created_by          text        NOT NULL,
    note                text,
    interpreter         text        NOT NULL,
    script              text        NOT NULL,
    args                json        NOT NULL,
    env                 json        NOT NULL,
    cwd                 text,
    timeout_s           integer     NOT NULL CHECK (timeout_s > 0),
    ttl_s               integer     NOT NULL CHECK (ttl_s > 0),
    max_output_bytes    bigint      NOT NULL CHECK (max_output_bytes >= 0),
    effect              text        NOT NULL CHECK (effect IN ('once', 'repeatable')),

    -- what the lifecycle decides; written by one statement, guarded by revision
    revision            bigint      NOT NULL,
    history_n           integer     NOT NULL,
    state               text        NOT NULL CHECK (state IN ('queued', 'offered', 'acked', 'running', 'succeeded', 'failed',
                                        'timed_out', 'cancelled', 'expired', 'undeliverable', 'rejected')),
    state_since         timestamptz NOT NULL,
    certainty           text        NOT NULL CHECK (certainty IN ('not_received', 'unknown', 'received', 'not_run', 'executed')),
    expires_at          timestamptz NOT NULL,
    provable_until      timestamptz NOT NULL,
    due_at              timestamptz,
    next_offer_at       timestamptz,
    attempts_used       integer     NOT NULL CHECK (attempts_used >= 0),
    max_attempts        integer     NOT NULL,
    offers              integer     NOT NULL CHECK (offers >= 0),
    max_offers          integer     NOT NULL,
    round_base          integer     NOT NULL,
    attempt_connection  uuid,
    attempt_counted     boolean     NOT NULL,
    first_offered_at    timestamptz,
    maybe_written       integer[]   NOT NULL,
    ledger_id           uuid,
    ledger_mixed        boolean     NOT NULL,
    unparsable          integer     NOT NULL,
    notes               integer     NOT NULL,
    cancel_requested_at timestamptz,
    cancel_reason       text,
    cancel_sends        integer     NOT NULL,
    cancel_sent_on      uuid,
    acked_at            timestamptz,
    started_at          timestamptz,
    ended_at            timestamptz,
    late                boolean     NOT NULL,
    stdout_end          bigint      NOT NULL,
    stderr_end          bigint      NOT NULL,
    stdout_gaps         boolean     NOT NULL,
    stderr_gaps         boolean     NOT NULL,
    output_cut          boolean     NOT NULL,

    outcome             text        CHECK (outcome IN ('exited', 'timed_out', 'cancelled', 'failed_to_start', 'interrupted')),
    exit_code           integer,
    result_at           timestamptz,
    result_digest       text,
    signal              text,
    stdout_bytes        bigint,
    stderr_bytes        bigint,
    truncated           boolean     NOT NULL,
    agent_started_at    timestamptz,
    duration_ms         bigint,
    result_message      text,

    -- which columns each state has
    CONSTRAINT command_ends CHECK (
        (state IN ('queued', 'offered', 'acked', 'running')) = (ended_at IS NULL)),
    CONSTRAINT command_open_has_a_next_time CHECK (
        (state IN ('queued', 'offered', 'acked', 'running')) = (due_at IS NOT NULL)),
    CONSTRAINT command_next_offer_only_while_offered CHECK (next_offer_at IS NULL OR state = 'offered'),
    CONSTRAINT command_queued_left_no_trace CHECK (
        state <> 'queued' OR (maybe_written = '{}' AND certainty = 'not_received' AND acked_at IS NULL)),
    CONSTRAINT command_acked_was_received CHECK (state <> 'acked' OR (certainty IN ('received', 'executed') AND acked_at IS NOT NULL)),
    CONSTRAINT command_running_has_started CHECK (state <> 'running' OR (certainty = 'executed' AND started_at IS NOT NULL)),
    CONSTRAINT command_succeeded_has_exit_code_0 CHECK (
        state <> 'succeeded' OR (outcome = 'exited' AND exit_code = 0 AND certainty = 'executed')),
    CONSTRAINT command_failed_has_an_outcome CHECK (
        state <> 'failed' OR (outcome IS NOT NULL AND NOT (outcome = 'exited' AND exit_code IS NOT DISTINCT FROM 0 AND signal IS NULL))),
    CONSTRAINT command_unwritten_was_not_received CHECK (
        certainty <> 'not_received' OR state IN ('queued', 'offered', 'cancelled', 'expired', 'undeliverable')),
    CONSTRAINT command_result_is_whole CHECK ((result_at IS NULL) = (result_digest IS NULL) AND (result_at IS NULL OR outcome IS NOT NULL))
) WITH (fillfactor = 70);

-- lists, newest first
CREATE UNIQUE INDEX command_seq ON command (seq);
CREATE INDEX command_agent_seq ON command (agent_id, seq);
CREATE INDEX command_site_seq ON command (site_id, seq);
-- the reaper's claim: only open commands have a due_at, so its cost depends on what is due
CREATE INDEX command_due ON command (due_at) WHERE due_at IS NOT NULL;
-- the dispatcher's claim: not acknowledged ones of one agent, oldest first
CREATE INDEX command_unacked ON command (agent_id, seq) WHERE state IN ('queued', 'offered');
-- what the agent's record is asked about, and who needs a CommandCancel
CREATE INDEX command_unsettled ON command (agent_id, seq)
    WHERE result_at IS NULL AND outcome IS NULL AND (certainty IN ('unknown', 'received') OR state IN ('acked', 'running'));

-- A caller's own name of a POST, stored with the command that it made.
CREATE TABLE command_key (
    caller         text        NOT NULL,
    key            text        NOT NULL CHECK (length(key) <= 255),
    request_sha256 text        NOT NULL,
    command_id     uuid        NOT NULL,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (caller, key)
);
CREATE INDEX command_key_created ON command_key (created_at);

-- One offer on one connection. The row exists before the frame leaves; the rungs are filled in as they are proven.
CREATE TABLE command_attempt (
    command_id       uuid        NOT NULL,
    attempt          integer     NOT NULL CHECK (attempt > 0),
    agent_id         uuid        NOT NULL,
    connection_id    uuid        NOT NULL,
    epoch            bigint      NOT NULL,
    reason           text        NOT NULL CHECK (reason IN ('dispatch', 'ack_overdue', 'reconnected', 'heartbeat', 'redeliver')),
    offered_at       timestamptz NOT NULL,
    opened_at        timestamptz NOT NULL,
    ledger_id        uuid,
    frame_bytes      integer     NOT NULL,
    frame_sha256     text        NOT NULL,
    fence_seq        bigint,
    enqueued_ns      bigint,
    write_started_ns bigint,
    written_ns       bigint,
    write_failed_ns  bigint,
    write_error      text,
    peer_read_ns     bigint,
    fence_rtt_ns     bigint,
    refusal          text,
    never_written    boolean     NOT NULL DEFAULT false,
    acked_at         timestamptz,
    nacked_at        timestamptz,
    answered_ns      bigint,
    answered_on      uuid,
    nack_code        text,
    nack_message     text,
    seen_bytes       integer,
    seen_sha256      text,
    PRIMARY KEY (command_id, attempt),
    CONSTRAINT attempt_never_written_has_no_write CHECK (NOT (never_written AND write_started_ns IS NOT NULL)),
    CONSTRAINT attempt_nack_has_a_code CHECK ((nacked_at IS NULL) = (nack_code IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX command_attempt_connection ON command_attempt (connection_id);

-- What happened to a command, numbered without a gap by the server's own sequence.
CREATE TABLE command_history (
    command_id    uuid        NOT NULL,
    n             integer     NOT NULL CHECK (n > 0),
    kind          text        NOT NULL CHECK (kind IN ('state', 'evidence')),
    at            timestamptz NOT NULL,
    state         text        NOT NULL,
    certainty     text        NOT NULL,
    attempt       integer,
    connection_id uuid,
    at_ns         bigint,
    cause         text        NOT NULL,
    PRIMARY KEY (command_id, n)
);

-- Runs of bytes that never overlap. What is missing between them is a gap.
CREATE TABLE command_output (
    command_id    uuid        NOT NULL,
    stream        text        NOT NULL CHECK (stream IN ('stdout', 'stderr')),
    start         bigint      NOT NULL CHECK (start >= 0),
    bytes         bytea       NOT NULL CHECK (length(bytes) > 0),
    at            timestamptz NOT NULL,
    connection_id uuid        NOT NULL,
    PRIMARY KEY (command_id, stream, start)
);

-- The agent's record of commands, as far as this server knows it. A lower seq under the same id is a restored snapshot.
CREATE TABLE agent_ledger (
    agent_id     uuid        NOT NULL,
    ledger_id    uuid        NOT NULL,
    highest_seq  bigint      NOT NULL,
    went_back_at timestamptz,
    updated_at   timestamptz NOT NULL,
    PRIMARY KEY (agent_id, ledger_id)
);

-- Scope 'all' or one agent's id.
CREATE TABLE reaper_pause (
    scope     text        PRIMARY KEY,
    paused_at timestamptz NOT NULL,
    paused_by text        NOT NULL
);

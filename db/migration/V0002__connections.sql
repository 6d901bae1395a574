-- Who is on the line, and what was seen there. No foreign keys to other rooms' tables: evidence outlives what it is about.

-- One row for each agent that was ever let in: the source of its epochs, and what was last seen of it.
CREATE TABLE agent_line (
    agent_id            uuid        PRIMARY KEY,
    epoch               bigint      NOT NULL CHECK (epoch > 0),
    conflicted_since    timestamptz,
    conflict_addresses  text[]      NOT NULL DEFAULT '{}',
    last_connection_id  uuid,
    last_seen_at        timestamptz,
    last_ack_at         timestamptz,
    last_pong_at        timestamptz,
    last_echo_at        timestamptz
);
CREATE INDEX agent_line_conflicted ON agent_line (conflicted_since) WHERE conflicted_since IS NOT NULL;

CREATE TABLE connection (
    id                    uuid        PRIMARY KEY,
    agent_id              uuid        NOT NULL,
    epoch                 bigint      NOT NULL,
    remote_address        text        NOT NULL,
    proxied_for           text,
    opened_at             timestamptz NOT NULL,
    authenticated_at      timestamptz NOT NULL,
    closed_at             timestamptz,
    close_code            integer,
    close_reason          text,
    last_pong_at          timestamptz,
    last_text_written_at  timestamptz,
    last_text_read_at     timestamptz,
    counters              bigint[]    NOT NULL DEFAULT '{}', -- in the order of dev.wireproof.connection.Count
    ping_rtt_us           bigint[]    NOT NULL DEFAULT '{}', -- last, p50, p99; empty: no Pong came
    frames_missing        bigint      NOT NULL DEFAULT 0,    -- frames that could not be kept as rows
    CHECK (closed_at IS NOT NULL OR (close_code IS NULL AND close_reason IS NULL)),
    CHECK (closed_at IS NULL OR close_reason IS NOT NULL),
    UNIQUE (agent_id, epoch)
);
CREATE INDEX connection_open ON connection (id) WHERE closed_at IS NULL;
CREATE INDEX connection_closed ON connection (closed_at) WHERE closed_at IS NOT NULL;

-- One row for a frame. Partitions of six hours are made ahead and dropped whole; the default one only catches what no other takes.
CREATE TABLE frame (
    connection_id     uuid        NOT NULL,
    seq               bigint      NOT NULL, -- from 1, in the order in which this server met them; a gap is a frame that was not kept
    at                timestamptz NOT NULL,
    direction         text        NOT NULL CHECK (direction IN ('in', 'out')),
    opcode            text        NOT NULL CHECK (opcode IN ('text', 'binary', 'ping', 'pong', 'close')),
    type              text,
    command_id        uuid,
    bytes             bigint      NOT NULL,
    fence_seq         bigint,
    pong_of           bigint,
    enqueued_ns       bigint,
    write_started_ns  bigint,
    written_ns        bigint,
    received_ns       bigint,
    error             text,
    sha256            bytea,
    CHECK ((direction = 'in') = (received_ns IS NOT NULL)),
    CHECK ((direction = 'out') = (enqueued_ns IS NOT NULL))
) PARTITION BY RANGE (at);
CREATE INDEX frame_of_connection ON frame (connection_id, seq);
CREATE INDEX frame_of_command ON frame (command_id, at) WHERE command_id IS NOT NULL;
CREATE TABLE frame_default PARTITION OF frame DEFAULT;

-- What an agent said of itself.
CREATE TABLE heartbeat (
    agent_id             uuid        NOT NULL,
    connection_id        uuid        NOT NULL,
    at                   timestamptz NOT NULL,
    received_ns          bigint      NOT NULL,
    seq                  bigint      NOT NULL,
    live                 boolean     NOT NULL, -- false: it came on a superseded connection
    uptime_s             bigint      NOT NULL,
    rx_text              bigint      NOT NULL,
    rx_ping              bigint      NOT NULL,
    rx_bytes             bigint      NOT NULL,
    rx_parse_errors      bigint      NOT NULL,
    rx_last_ping_seq     bigint      NOT NULL,
    tx_text              bigint      NOT NULL,
    tx_bytes             bigint      NOT NULL,
    running_commands     integer     NOT NULL,
    queued_commands      integer     NOT NULL,
    last_error_sha256    text,
    last_error_message   text,
    last_error_at        timestamptz,
    metrics              double precision[] -- cpu_pct, mem_used, mem_total, disk_used, disk_total, load_1m; null: not told
) PARTITION BY RANGE (at);
CREATE INDEX heartbeat_of_agent ON heartbeat (agent_id, at);
CREATE TABLE heartbeat_default PARTITION OF heartbeat DEFAULT;

-- Frames that were counted instead of kept, one row for a connection and minute.
CREATE TABLE frame_summary (
    connection_id  uuid        NOT NULL,
    at             timestamptz NOT NULL, -- the start of the minute
    pings          integer     NOT NULL,
    pongs          integer     NOT NULL,
    echoes         integer     NOT NULL,
    heartbeats     integer     NOT NULL,
    shed           integer     NOT NULL  -- of any kind, lost because rows came faster than the database took them
) PARTITION BY RANGE (at);
CREATE INDEX frame_summary_of_connection ON frame_summary (connection_id, at);
CREATE TABLE frame_summary_default PARTITION OF frame_summary DEFAULT;

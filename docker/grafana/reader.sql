-- A role for the dashboard of one agent: it reads evidence, and neither scripts, output, keys nor tokens.
-- Run it after the server's first start and after each upgrade that adds tables; then ALTER ROLE wireproof_reader PASSWORD '…'.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wireproof_reader') THEN
        CREATE ROLE wireproof_reader LOGIN;
    END IF;
END
$$;
GRANT SELECT ON agent_line, connection, frame, heartbeat, frame_summary, command_attempt TO wireproof_reader;
GRANT SELECT (id, hostname, deleted_at) ON agent TO wireproof_reader;
GRANT SELECT (id, seq, agent_id, created_at, state, state_since, certainty, attempts_used, max_attempts, ended_at, late) ON command
    TO wireproof_reader;

-- The audit log is a chain: each row carries a number without a gap and a hash over its content and the hash of the row before, so that a
-- changed, removed or reordered row is found (verify-audit). Rows from before this migration have neither, and are told apart by that.
-- An old server of a rolling update cannot write audit lines meanwhile; it keeps them in memory until it stops.
ALTER TABLE audit
    ADD COLUMN seq  bigint,
    ADD COLUMN hash bytea CHECK (length(hash) = 32);
-- Also what keeps two writers from making two branches, should they ever get past the lock.
CREATE UNIQUE INDEX audit_seq ON audit (seq);
ALTER TABLE audit ADD CONSTRAINT audit_is_chained CHECK (seq IS NOT NULL AND hash IS NOT NULL AND seq > 0) NOT VALID;

-- Where the chain begins once retention has removed older rows: the number and hash of the last row that is gone.
CREATE TABLE audit_anchor (
    seq  bigint      PRIMARY KEY,
    hash bytea       NOT NULL CHECK (length(hash) = 32),
    at   timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_anchor_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_anchor
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

-- Nothing younger than 30 days can go, whoever asks: the time is the database's. All rows up to the anchor must be so old, so that a
-- forged row with an old time opens no way either; and the newest row stays, so that the chain goes on from it.
CREATE FUNCTION audit_anchor_is_true() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.at := now();
    IF NOT EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq AND hash = NEW.hash)
        OR NOT EXISTS (SELECT 1 FROM audit WHERE seq > NEW.seq)
        OR EXISTS (SELECT 1 FROM audit WHERE seq <= NEW.seq AND at > now() - interval '30 days') THEN
        RAISE EXCEPTION 'no audit row can be removed yet at %', NEW.seq USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_anchor_true BEFORE INSERT ON audit_anchor FOR EACH ROW EXECUTE FUNCTION audit_anchor_is_true();

CREATE FUNCTION audit_leaves_an_anchor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.seq IS NULL AND OLD.at <= now() - interval '30 days' THEN
        RETURN OLD;
    END IF;
    IF OLD.seq IS NULL OR OLD.seq > coalesce((SELECT max(seq) FROM audit_anchor), 0) THEN
        RAISE EXCEPTION 'audit is append-only: DELETE is refused' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER audit_delete_leaves_an_anchor BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_leaves_an_anchor();

-- A deleted agent's row stays (its key is then answered with "revoked"); it must not keep a site from being deleted.
ALTER TABLE agent
    ALTER COLUMN site_id DROP NOT NULL,
    ADD CHECK (deleted_at IS NOT NULL OR site_id IS NOT NULL);

-- A command whose script and output are shown to nobody, but by the call for its output.
ALTER TABLE command ADD COLUMN secret boolean NOT NULL DEFAULT false;
ALTER TABLE rollout ADD COLUMN secret boolean NOT NULL DEFAULT false;

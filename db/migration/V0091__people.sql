-- People whom an identity provider vouches for are rows of api_token: with a role, sites and an end, but with a subject in place of a
-- secret. What they get by signing in with a browser is an ordinary token that belongs to their row.
ALTER TABLE api_token
    ALTER COLUMN secret_hash DROP NOT NULL,
    ADD COLUMN issuer    text CHECK (length(issuer) BETWEEN 1 AND 1000),
    ADD COLUMN subject   text CHECK (length(subject) BETWEEN 1 AND 255),
    ADD COLUMN person_id uuid REFERENCES api_token,
    ADD CONSTRAINT api_token_secret_or_subject CHECK ((secret_hash IS NULL) = (subject IS NOT NULL)),
    ADD CONSTRAINT api_token_issuer_of_subject CHECK ((subject IS NULL) = (issuer IS NULL)),
    ADD CONSTRAINT api_token_of_a_person CHECK (person_id IS NULL OR subject IS NULL);
CREATE UNIQUE INDEX api_token_person ON api_token (issuer, subject) WHERE revoked_at IS NULL;
CREATE INDEX api_token_by_person ON api_token (person_id) WHERE person_id IS NOT NULL;

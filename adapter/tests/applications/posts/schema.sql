-- The posts alone: threads and users live elsewhere.
CREATE TABLE posts (
    id bigserial PRIMARY KEY,
    thread bigint NOT NULL,
    author bigint NOT NULL,
    text text NOT NULL,
    meta jsonb NOT NULL DEFAULT '{}',
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON posts (thread, id);
CREATE INDEX ON posts (author, id);
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.changed_at := clock_timestamp(); RETURN NEW; END $$;
CREATE TRIGGER note_change BEFORE UPDATE ON posts FOR EACH ROW EXECUTE FUNCTION note_change();

CREATE TABLE users (
    id bigserial PRIMARY KEY,
    username text NOT NULL UNIQUE,
    name text NOT NULL,
    bio text NOT NULL DEFAULT '',
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE threads (
    id bigserial PRIMARY KEY,
    title text NOT NULL,
    created_by bigint NOT NULL REFERENCES users (id),
    tags text[] NOT NULL DEFAULT '{}',
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE posts (
    id bigserial PRIMARY KEY,
    thread bigint NOT NULL REFERENCES threads (id),
    author bigint NOT NULL REFERENCES users (id),
    text text NOT NULL,
    meta jsonb NOT NULL DEFAULT '{}',
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON threads (created_by);
CREATE INDEX ON posts (thread, id);
CREATE INDEX ON posts (author, id);

-- The time of a change is the database's own.
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.changed_at := clock_timestamp(); RETURN NEW; END $$;
CREATE TRIGGER note_change BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER note_change BEFORE UPDATE ON threads FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER note_change BEFORE UPDATE ON posts FOR EACH ROW EXECUTE FUNCTION note_change();

INSERT INTO users (username, name, bio) VALUES
    ('marceline', 'Marceline Abadeer', 'vampire queen'), ('finn', 'Finn Mertens', 'hero'), ('pb', 'Bonnibel Bubblegum', 'scientist');
INSERT INTO threads (title, created_by, tags) VALUES ('What is up with the lich?', 1, '{lich,danger}'), ('Party at the tree fort', 2, '{}');
INSERT INTO posts (thread, author, text) VALUES (1, 1, 'Has anyone seen it?'), (1, 2, 'Not since the cosmic owl.'), (2, 3, 'I bring the science.');

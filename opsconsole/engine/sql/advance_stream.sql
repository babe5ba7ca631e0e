-- The row lock on the stream is the fence: a second writer waits here, draws its sequence number after the
-- first one committed, and so versions of a stream are in order in the log. A stream begins at its first append.
-- An expected version of 0 means that the stream must be new.
INSERT INTO ops_engine_stream AS stream (id, version) VALUES (%(stream)s, %(count)s)
    ON CONFLICT (id) DO UPDATE SET version = stream.version + excluded.version
       WHERE stream.version = COALESCE(%(expected)s::integer, stream.version)
RETURNING version

-- Many streams at once, at whatever versions they are; in the order of their names, so that two who do so at the same time
-- wait for each other one way only. A stream begins at its first append.
INSERT INTO ops_engine_stream AS stream (id, version)
SELECT new.id, new.count FROM unnest(%(streams)s::text[], %(counts)s::integer[]) AS new (id, count) ORDER BY new.id
    ON CONFLICT (id) DO UPDATE SET version = stream.version + excluded.version
RETURNING id, version

-- Earlier ones are kept: they make the past as quick to see as the present. Those of an older version of the aggregate
-- are of no use to anybody once all code is new; until then, old code reads a little more.
WITH outdated AS (
    DELETE FROM ops_streams_snapshot
     WHERE aggregate = %(aggregate)s AND stream = %(stream)s AND schema_version < %(schema_version)s
)
INSERT INTO ops_streams_snapshot (aggregate, stream, schema_version, version, state)
VALUES (%(aggregate)s, %(stream)s, %(schema_version)s, %(version)s, %(state)s::jsonb)
    ON CONFLICT DO NOTHING

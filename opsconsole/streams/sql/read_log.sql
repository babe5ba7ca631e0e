-- A window of positions, narrowed to a category of streams and to types where they are given. The window bounds the
-- work when nearly nothing matches, and `bytes` the memory: of what matches, as much is returned from the start as fits,
-- one event at least, and the last column says how many match.
SELECT id, position, stream, version, type, schema_version, data::text, tenant, correlation_id, cause_kind, cause_id,
       metadata::text, created_at, candidates
  FROM (
        SELECT event.*, count(*) OVER () AS candidates,
               sum(pg_column_size(data)) OVER (ORDER BY position) - pg_column_size(data) AS bytes_before
          FROM ops_engine_event AS event
         WHERE position > %(after)s AND position <= %(until)s
           AND (starts_with(stream, %(prefix)s) OR %(prefix)s::text IS NULL)
           AND (type = ANY(%(types)s::text[]) OR %(types)s::text[] IS NULL)
       ) AS sized
 WHERE bytes_before < %(bytes)s
 ORDER BY position

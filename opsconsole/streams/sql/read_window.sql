-- The events of these types in a window of positions, as many of them from the start as fit into `bytes`, one at least.
-- Their size is that of storage, for which nothing needs to be unpacked. The last column says how many there are in all.
SELECT id, position, stream, version, type, schema_version, data::text, tenant, correlation_id, cause_kind, cause_id,
       metadata::text, created_at, matching
  FROM (
        SELECT event.*, count(*) OVER () AS matching,
               sum(pg_column_size(data)) OVER (ORDER BY position) - pg_column_size(data) AS bytes_before
          FROM ops_engine_event AS event
         WHERE position > %(after)s AND position <= %(upto)s AND type = ANY(%(types)s::text[])
       ) AS sized
 WHERE bytes_before < %(bytes)s
 ORDER BY position

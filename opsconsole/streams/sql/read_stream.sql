-- A page of a stream, forward: at most `page` events, and of those as many from the start as fit into `bytes`, one at
-- least. Their size is that of storage, for which nothing needs to be unpacked. The last columns are the order of the
-- log, and how many events the page would have had without the limit in bytes: fewer than `page` means the end.
SELECT id, position, stream, version, type, schema_version, data::text, tenant, correlation_id, cause_kind, cause_id,
       metadata::text, created_at, seq, candidates
  FROM (
        SELECT page.*, count(*) OVER () AS candidates,
               sum(pg_column_size(data)) OVER (ORDER BY version) - pg_column_size(data) AS bytes_before
          FROM (
                SELECT * FROM ops_engine_event
                 WHERE stream = %(stream)s AND version > %(after)s AND version <= %(until)s
                 ORDER BY version LIMIT %(page)s
               ) AS page
       ) AS sized
 WHERE bytes_before < %(bytes)s
 ORDER BY version

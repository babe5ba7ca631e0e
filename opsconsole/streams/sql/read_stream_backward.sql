-- A page of a stream from its end towards its beginning: at most `page` events, and of those as many as fit into
-- `bytes`, one at least. Their size is that of storage, for which nothing needs to be unpacked.
SELECT id, position, stream, version, type, schema_version, data::text, tenant, correlation_id, cause_kind, cause_id,
       metadata::text, created_at
  FROM (
        SELECT page.*, sum(pg_column_size(data)) OVER (ORDER BY version DESC) - pg_column_size(data) AS bytes_before
          FROM (
                SELECT * FROM ops_engine_event
                 WHERE stream = %(stream)s AND version < %(before)s
                 ORDER BY version DESC LIMIT %(page)s
               ) AS page
       ) AS sized
 WHERE bytes_before < %(bytes)s
 ORDER BY version DESC

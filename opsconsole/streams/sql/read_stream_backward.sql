-- A page of a stream from its end towards its beginning: otherwise as read_stream.
SELECT id, position, stream, version, type, schema_version, data::text, tenant, correlation_id, cause_kind, cause_id,
       metadata::text, created_at, seq, candidates
  FROM (
        SELECT page.*, count(*) OVER () AS candidates,
               sum(pg_column_size(data)) OVER (ORDER BY version DESC) - pg_column_size(data) AS bytes_before
          FROM (
                SELECT * FROM ops_engine_event
                 WHERE stream = %(stream)s AND version < %(before)s
                 ORDER BY version DESC LIMIT %(page)s
               ) AS page
       ) AS sized
 WHERE bytes_before < %(bytes)s
 ORDER BY version DESC

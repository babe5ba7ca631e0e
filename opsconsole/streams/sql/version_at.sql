-- The last version of a stream at a position of the log, or at a time: both grow with the version, so halving finds it
-- in a few looks however long the stream is. An event that has no position yet is behind every position; one that is
-- gone, with its partition, came before.
WITH RECURSIVE search (low, high) AS (
    SELECT 0, version FROM ops_engine_stream WHERE id = %(stream)s
    UNION ALL
    SELECT CASE WHEN is_within THEN middle ELSE low END, CASE WHEN is_within THEN high ELSE middle - 1 END
      FROM search
     CROSS JOIN LATERAL (SELECT (low + high + 1) / 2 AS middle) AS half
     CROSS JOIN LATERAL (
               SELECT COALESCE((
                      SELECT COALESCE(position <= %(position)s, %(position)s::bigint IS NULL)
                             AND (created_at <= %(moment)s OR %(moment)s::timestamptz IS NULL)
                        FROM ops_engine_event
                       WHERE stream = %(stream)s AND version = middle
                      ), true) AS is_within
           ) AS probe
     WHERE low < high
)
SELECT low FROM search WHERE low = high

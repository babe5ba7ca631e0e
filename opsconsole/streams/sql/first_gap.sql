-- The first position in a window that no event holds.
SELECT wanted
  FROM generate_series(%(after)s::bigint + 1, %(upto)s::bigint) AS wanted
 WHERE NOT EXISTS (SELECT FROM ops_engine_event WHERE position = wanted)
 ORDER BY wanted LIMIT 1

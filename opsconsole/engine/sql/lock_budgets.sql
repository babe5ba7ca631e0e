-- In the order of their names, against deadlocks. clock_timestamp(): the time after the lock was had.
SELECT type, tokens, EXTRACT(epoch FROM clock_timestamp() - refilled_at)::float8
  FROM ops_engine_budget
 WHERE type = ANY(%(types)s::text[])
 ORDER BY type
   FOR UPDATE

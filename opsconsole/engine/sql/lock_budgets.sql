-- In the order of their names, against deadlocks. clock_timestamp(): the time after the lock was had. abs(): a clock that was
-- set back must not stop the type until it has caught up; one burst too many it may have.
SELECT type, tokens, abs(EXTRACT(epoch FROM clock_timestamp() - refilled_at))::float8
  FROM ops_engine_budget
 WHERE type = ANY(%(types)s::text[])
 ORDER BY type
   FOR UPDATE

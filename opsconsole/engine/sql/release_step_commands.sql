-- The command that a released step is.
UPDATE ops_engine_command
   SET status = 'pending', not_before = GREATEST(not_before, COALESCE(%(now)s::timestamptz, statement_timestamp()))
 WHERE step_id = ANY(%(steps)s::uuid[]) AND status = 'awaiting'
RETURNING queue

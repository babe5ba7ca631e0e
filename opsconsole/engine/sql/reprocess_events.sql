-- Only failed ones; the tries on record are not counted against the new one.
UPDATE ops_engine_event
   SET status = 'pending', attempts = 0, error_class = '', error = '', started_at = NULL, finished_at = NULL, duration = NULL
 WHERE id = ANY(%(ids)s::uuid[]) AND status = 'error'
RETURNING id

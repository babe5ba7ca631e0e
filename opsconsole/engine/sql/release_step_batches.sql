-- The batch that a released step is; one without members has succeeded at once.
WITH released AS (
    UPDATE ops_engine_batch
       SET status = CASE WHEN size = 0 THEN 'success' ELSE 'pending' END,
           settled_at = CASE WHEN size = 0 THEN COALESCE(%(now)s::timestamptz, statement_timestamp()) END
     WHERE step_id = ANY(%(steps)s::uuid[]) AND status = 'awaiting'
)
SELECT NULL::text WHERE false

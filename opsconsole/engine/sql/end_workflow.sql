-- Over when every step succeeded; failed when one failed and nothing that may still run is left.
UPDATE ops_engine_workflow AS workflow
   SET status = result.status,
       settled_at = CASE WHEN result.status <> 'processing' THEN COALESCE(%(now)s::timestamptz, statement_timestamp()) END
  FROM (
        SELECT CASE WHEN bool_and(status = 'success') THEN 'success'
                    WHEN bool_or(status = 'pending') THEN 'processing'
                    WHEN bool_or(status = 'error') THEN 'error'
                    WHEN bool_or(status = 'cancelled') THEN 'cancelled'
                    ELSE 'processing' END AS status
          FROM ops_engine_step WHERE workflow_id = %(workflow_id)s
       ) AS result
 WHERE workflow.id = %(workflow_id)s AND workflow.status <> result.status AND workflow.status <> 'success'

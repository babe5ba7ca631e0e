-- A step is what its command (or a reprocessing that healed it) or its batch has become.
UPDATE ops_engine_step AS step
   SET status = target.status, settled_at = COALESCE(%(now)s::timestamptz, statement_timestamp())
  FROM (
        SELECT step.id, CASE WHEN command.healed_by IS NOT NULL THEN 'success' ELSE command.status END AS status
          FROM ops_engine_step AS step JOIN ops_engine_command AS command ON command.id = step.target_id
         WHERE step.workflow_id = %(workflow_id)s AND step.target_kind = 'command'
         UNION ALL
        SELECT step.id, batch.status
          FROM ops_engine_step AS step JOIN ops_engine_batch AS batch ON batch.id = step.target_id
         WHERE step.workflow_id = %(workflow_id)s AND step.target_kind = 'batch'
       ) AS target
 WHERE step.id = target.id AND target.status IN ('success', 'error', 'cancelled') AND step.status <> target.status

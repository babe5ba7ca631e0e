-- The next workflows of a status, and whether a step of theirs is not what its command or batch has become.
SELECT workflow.id,
       (
            SELECT true FROM ops_engine_step AS step
              LEFT JOIN ops_engine_command AS command ON step.target_kind = 'command' AND command.id = step.target_id
              LEFT JOIN ops_engine_batch AS batch ON step.target_kind = 'batch' AND batch.id = step.target_id
             WHERE step.workflow_id = workflow.id AND step.status IN ('pending', 'error', 'cancelled')
               AND CASE WHEN command.healed_by IS NOT NULL THEN 'success' ELSE COALESCE(command.status, batch.status) END
                   IN ('success', 'error', 'cancelled')
               AND CASE WHEN command.healed_by IS NOT NULL THEN 'success' ELSE COALESCE(command.status, batch.status) END
                   <> step.status
             LIMIT 1
       ) IS NOT NULL
  FROM (
        SELECT id FROM ops_engine_workflow
         WHERE status = %(status)s AND status <> 'success' AND id > %(after)s
         ORDER BY id
         LIMIT %(limit)s
       ) AS workflow
 ORDER BY workflow.id

-- Workflows with a step that is not what its command or batch has become.
SELECT DISTINCT step.workflow_id
  FROM ops_engine_workflow AS workflow
  JOIN ops_engine_step AS step ON step.workflow_id = workflow.id AND step.status IN ('pending', 'error', 'cancelled')
  LEFT JOIN ops_engine_command AS command ON step.target_kind = 'command' AND command.id = step.target_id
  LEFT JOIN ops_engine_batch AS batch ON step.target_kind = 'batch' AND batch.id = step.target_id
 WHERE workflow.status <> 'success'
   AND CASE WHEN command.healed_by IS NOT NULL THEN 'success' ELSE COALESCE(command.status, batch.status) END
       IN ('success', 'error', 'cancelled')
   AND CASE WHEN command.healed_by IS NOT NULL THEN 'success' ELSE COALESCE(command.status, batch.status) END
       <> step.status
 LIMIT %(limit)s

-- Failed commands of failed steps, and failed members of failed batches.
SELECT command.id
  FROM ops_engine_step AS step JOIN ops_engine_command AS command ON command.id = step.target_id
 WHERE step.workflow_id = %(workflow_id)s AND step.target_kind = 'command' AND step.status = 'error'
   AND command.status = 'error' AND command.healed_by IS NULL
 UNION ALL
SELECT member.id
  FROM ops_engine_step AS step JOIN ops_engine_command AS member ON member.batch_id = step.target_id
 WHERE step.workflow_id = %(workflow_id)s AND step.target_kind = 'batch' AND step.status = 'error'
   AND member.status <> 'success' AND member.status = 'error' AND member.healed_by IS NULL
   AND member.cause_kind <> 'reprocess'

-- What ended without success and stands in the way: commands that are steps, and members of batches that are.
SELECT command.id
  FROM ops_engine_step AS step JOIN ops_engine_command AS command ON command.id = step.target_id
 WHERE step.workflow_id = %(workflow_id)s AND step.target_kind = 'command' AND step.status IN ('error', 'cancelled')
   AND command.status IN ('error', 'cancelled') AND command.healed_by IS NULL
 UNION ALL
SELECT member.id
  FROM ops_engine_step AS step JOIN ops_engine_command AS member ON member.batch_id = step.target_id
 WHERE step.workflow_id = %(workflow_id)s AND step.target_kind = 'batch' AND step.status IN ('error', 'cancelled')
   AND member.status <> 'success' AND member.status IN ('error', 'cancelled') AND member.healed_by IS NULL
   AND member.cause_kind <> 'reprocess'

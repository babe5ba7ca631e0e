-- Ended without success and not healed. What was cancelled in a workflow before its turn came is not run ahead of it.
-- The lock keeps a second operator, and a reprocessing that is just succeeding, in line: what follows sees their result.
SELECT id, type, schema_version, payload::text AS payload, tenant, correlation_id, queue, priority, max_attempts, batch_id, step_id
  FROM ops_engine_command AS command
 WHERE id = ANY(%(ids)s::uuid[]) AND status IN ('error', 'cancelled') AND healed_by IS NULL AND cause_kind <> 'reprocess'
   AND NOT EXISTS (
        SELECT FROM ops_engine_step AS step
          JOIN ops_engine_step AS before ON before.workflow_id = step.workflow_id AND step.after ? before.name
         WHERE step.id = COALESCE(
                   command.step_id, (SELECT batch.step_id FROM ops_engine_batch AS batch WHERE batch.id = command.batch_id)
               )
           AND before.status <> 'success'
   )
 ORDER BY id
   FOR NO KEY UPDATE OF command

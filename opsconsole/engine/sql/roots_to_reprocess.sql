-- Ended without success and not healed. What was cancelled before its turn came is not run ahead of it: a step waits for
-- the steps before it, a next command for the end of its batch that it was meant for.
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
   AND (
        release_on IS NULL OR status = 'error' OR EXISTS (
            SELECT FROM ops_engine_batch AS batch
             WHERE batch.id = command.cause_id
               AND CASE release_on WHEN 'success' THEN batch.status = 'success'
                                   WHEN 'failure' THEN batch.status IN ('error', 'cancelled')
                                   ELSE batch.settled_at IS NOT NULL END
        )
   )
 ORDER BY id
   FOR NO KEY UPDATE OF command

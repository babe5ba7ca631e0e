-- The lock keeps a second operator, and a reprocessing that is just succeeding, in line: what follows sees their result.
SELECT id, type, schema_version, payload::text AS payload, tenant, correlation_id, queue, priority, max_attempts, batch_id, step_id
  FROM ops_engine_command
 WHERE id = ANY(%(ids)s::uuid[]) AND status = 'error' AND healed_by IS NULL AND cause_kind <> 'reprocess'
 ORDER BY id
   FOR NO KEY UPDATE

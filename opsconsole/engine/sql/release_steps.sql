-- Steps whose every predecessor has succeeded.
UPDATE ops_engine_step AS step
   SET status = 'pending'
 WHERE step.workflow_id = %(workflow_id)s AND step.status = 'awaiting'
   AND NOT EXISTS (
        SELECT FROM ops_engine_step AS before
         WHERE before.workflow_id = step.workflow_id AND step.after ? before.name AND before.status <> 'success'
   )
RETURNING step.id

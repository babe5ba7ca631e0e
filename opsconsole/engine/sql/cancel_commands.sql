-- Guarded by status: a command that was claimed a moment ago is processing now, and stays so.
UPDATE ops_engine_command AS command
   SET status = 'cancelled', error = %(note)s, finished_at = COALESCE(%(now)s::timestamptz, statement_timestamp())
 WHERE command.id = ANY(ARRAY(
           SELECT id FROM ops_engine_command WHERE id = ANY(%(ids)s::uuid[]) ORDER BY id FOR NO KEY UPDATE
       ))  -- no join: see claim_commands
   AND command.id = ANY(%(ids)s::uuid[]) AND command.status IN ('awaiting', 'pending')
RETURNING command.id, command.unique_key, command.batch_id, command.step_id

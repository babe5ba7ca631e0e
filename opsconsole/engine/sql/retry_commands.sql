-- Ids in order, against deadlocks between two operators; SKIP nothing: a claim in progress decides first.
UPDATE ops_engine_command AS command
   SET not_before = COALESCE(%(now)s::timestamptz, statement_timestamp())
 WHERE command.id = ANY(ARRAY(
           SELECT id FROM ops_engine_command WHERE id = ANY(%(ids)s::uuid[]) ORDER BY id FOR NO KEY UPDATE
       ))  -- no join: see claim_commands
   AND command.id = ANY(%(ids)s::uuid[]) AND command.status = 'pending'
   AND command.not_before > COALESCE(%(now)s::timestamptz, statement_timestamp())
RETURNING command.id, command.queue

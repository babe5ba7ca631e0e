-- The batch succeeded: what was to happen on its failure never will.
UPDATE ops_engine_command
   SET status = 'cancelled', finished_at = COALESCE(%(now)s::timestamptz, statement_timestamp()),
       error = 'The batch succeeded.'
 WHERE cause_id = %(batch_id)s AND cause_kind = 'batch' AND status = 'awaiting' AND release_on = 'failure'

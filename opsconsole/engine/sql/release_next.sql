-- Awaiting is left once: a second settler finds nothing to let go.
UPDATE ops_engine_command
   SET status = 'pending', not_before = GREATEST(not_before, COALESCE(%(now)s::timestamptz, statement_timestamp()))
 WHERE cause_id = %(batch_id)s AND cause_kind = 'batch' AND status = 'awaiting' AND release_on = ANY(%(wanted)s::text[])
RETURNING queue

-- Guarded, so that a batch settles once, and once more when its failures are healed. A batch that failed again stays as
-- it is. One that still awaits its turn in a workflow can only have been cancelled.
UPDATE ops_engine_batch
   SET status = %(status)s, error_count = %(error_count)s, cancelled_count = %(cancelled_count)s,
       success_count = size - %(error_count)s - %(cancelled_count)s,
       started_at = COALESCE(started_at, created_at),
       settled_at = COALESCE(%(now)s::timestamptz, statement_timestamp())
 WHERE id = %(batch_id)s
   AND (status IN ('pending', 'processing') OR (status IN ('error', 'cancelled') AND %(status)s = 'success')
        OR (status IN ('awaiting', 'error') AND %(status)s = 'cancelled'))
RETURNING step_id

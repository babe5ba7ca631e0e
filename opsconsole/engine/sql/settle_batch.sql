-- Guarded, so that a batch settles once, and once more when it is healed. A batch that failed again stays as it is.
UPDATE ops_engine_batch
   SET status = %(status)s, error_count = %(error_count)s, cancelled_count = %(cancelled_count)s,
       success_count = size - %(error_count)s - %(cancelled_count)s,
       started_at = COALESCE(started_at, created_at),
       settled_at = COALESCE(%(now)s::timestamptz, statement_timestamp())
 WHERE id = %(batch_id)s
   AND (status IN ('pending', 'processing') OR (status IN ('error', 'cancelled') AND %(status)s = 'success'))
RETURNING step_id

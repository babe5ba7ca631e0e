-- Events of a lost claim return to pending with one more try on their record, which makes them travel alone from now
-- on: the one that loses its worker again and again is given up, the others succeed. A try is put on record only against one that was alone.
WITH returned AS (
    UPDATE ops_engine_event
       SET claim_id = NULL, attempts = attempts + 1,
           status = CASE WHEN attempts + 1 >= %(max_losses)s THEN 'error' ELSE 'pending' END,
           error_class = CASE WHEN attempts + 1 >= %(max_losses)s THEN 'WorkerLost' ELSE '' END,
           error = CASE WHEN attempts + 1 >= %(max_losses)s THEN %(message)s ELSE '' END,
           finished_at = CASE WHEN attempts + 1 >= %(max_losses)s
                              THEN COALESCE(%(now)s::timestamptz, statement_timestamp()) END
     WHERE claim_id = %(claim_id)s AND status = 'processing'
    RETURNING id, type, tenant, attempts, status, started_at
)
SELECT id, type, tenant, attempts, status = 'error', started_at,
       COALESCE(%(now)s::timestamptz, statement_timestamp()), NULL::timestamptz
  FROM returned WHERE status = 'error' OR %(is_alone)s

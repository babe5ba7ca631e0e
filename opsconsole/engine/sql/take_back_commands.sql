-- Rows of a lost claim, in their order: the first `suspects` unfinished ones may have been running. A charged one spends
-- an attempt, waits a little, so that its neighbours go first, and is given up after its attempts (at least `max_losses`:
-- losing a worker is no handler's failure). The rest return untouched. Only suspects are returned.
WITH unfinished AS MATERIALIZED (
    SELECT id, row_number() OVER (ORDER BY place) AS nth
      FROM ops_engine_command
     WHERE claim_id = %(claim_id)s AND status = 'processing'
), returned AS (
    UPDATE ops_engine_command AS command
       SET claim_id = NULL, place = NULL,
           started_at = CASE WHEN nth <= %(suspects)s AND %(is_charged)s THEN started_at END,
           losses = losses + (nth <= %(suspects)s)::integer,
           attempts = attempts + (nth <= %(suspects)s AND %(is_charged)s)::integer,
           status = CASE WHEN nth <= %(suspects)s AND %(is_charged)s
                          AND attempts + 1 >= GREATEST(max_attempts, %(max_losses)s) THEN 'error' ELSE 'pending' END,
           error_class = CASE WHEN nth <= %(suspects)s AND %(is_charged)s THEN 'WorkerLost' ELSE error_class END,
           error = CASE WHEN nth <= %(suspects)s AND %(is_charged)s THEN %(message)s ELSE error END,
           finished_at = CASE WHEN nth <= %(suspects)s AND %(is_charged)s
                               AND attempts + 1 >= GREATEST(max_attempts, %(max_losses)s)
                              THEN COALESCE(%(now)s::timestamptz, statement_timestamp()) END,
           not_before = CASE WHEN nth <= %(suspects)s
                             THEN COALESCE(%(now)s::timestamptz, statement_timestamp()) + make_interval(secs => losses + 1)
                             ELSE not_before END
      FROM unfinished
     WHERE command.id = unfinished.id AND command.claim_id = %(claim_id)s AND command.status = 'processing'
    RETURNING command.id, type, tenant, attempts, command.status, started_at, not_before, nth
)
SELECT id, type, tenant, attempts, status = 'error', started_at, COALESCE(%(now)s::timestamptz, statement_timestamp()),
       CASE WHEN status = 'pending' THEN not_before END
  FROM returned WHERE nth <= %(suspects)s AND %(is_charged)s

-- Rows of a lost claim. `suspects` may have been running; those `charged` spend an attempt, wait a little, so that their
-- neighbours go first, and are given up after their attempts (at least `max_losses`: losing a worker is no handler's
-- failure). The rest return untouched. Only those charged are returned. No join: see claim_commands.
WITH returned AS (
    UPDATE ops_engine_command
       SET claim_id = NULL, place = NULL,
           started_at = CASE WHEN id = ANY(%(charged)s::uuid[]) THEN started_at END,
           losses = losses + (id = ANY(%(suspects)s::uuid[]))::integer,
           attempts = attempts + (id = ANY(%(charged)s::uuid[]))::integer,
           status = CASE WHEN id = ANY(%(charged)s::uuid[])
                          AND attempts + 1 >= GREATEST(max_attempts, %(max_losses)s) THEN 'error' ELSE 'pending' END,
           error_class = CASE WHEN id = ANY(%(charged)s::uuid[]) THEN 'WorkerLost' ELSE error_class END,
           error = CASE WHEN id = ANY(%(charged)s::uuid[]) THEN %(message)s ELSE error END,
           finished_at = CASE WHEN id = ANY(%(charged)s::uuid[])
                               AND attempts + 1 >= GREATEST(max_attempts, %(max_losses)s)
                              THEN COALESCE(%(now)s::timestamptz, statement_timestamp()) END,
           not_before = CASE WHEN id = ANY(%(suspects)s::uuid[])
                             THEN COALESCE(%(now)s::timestamptz, statement_timestamp()) + make_interval(secs => losses + 1)
                             ELSE not_before END
     WHERE claim_id = %(claim_id)s AND status = 'processing'
    RETURNING id, type, tenant, attempts, status, started_at, not_before
)
SELECT id, type, tenant, attempts, status = 'error', started_at, COALESCE(%(now)s::timestamptz, statement_timestamp()),
       CASE WHEN status = 'pending' THEN not_before END
  FROM returned WHERE id = ANY(%(charged)s::uuid[])

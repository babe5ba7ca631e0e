-- What became of a try that did not succeed; guarded by the claim, so that a late worker changes nothing.
-- `wait` seconds put the command back to pending; without it the status given is final. Whoever failed and lived to see it
-- recorded is suspect of nothing any more, and runs in company again.
UPDATE ops_engine_command
   SET status = %(status)s, claim_id = NULL, place = NULL, attempts = attempts + %(spent)s,
       losses = CASE WHEN %(status)s = 'pending' AND %(spent)s > 0 THEN 0 ELSE losses END,
       error_class = %(error_class)s, error = %(error)s,
       not_before = CASE WHEN %(status)s = 'pending'
                         THEN COALESCE(%(retry_at)s::timestamptz,
                                       COALESCE(%(now)s::timestamptz, clock_timestamp()) + make_interval(secs => %(wait)s))
                         ELSE not_before END,
       started_at = COALESCE(%(now)s::timestamptz, clock_timestamp()) - make_interval(secs => %(seconds)s),
       finished_at = CASE WHEN %(status)s <> 'pending' THEN COALESCE(%(now)s::timestamptz, clock_timestamp()) END,
       duration = make_interval(secs => %(seconds)s)
 WHERE id = %(id)s AND claim_id IS NOT DISTINCT FROM %(claim_id)s AND status = 'processing'
RETURNING attempts + 1 - %(spent)s, started_at, COALESCE(%(now)s::timestamptz, clock_timestamp()),
          CASE WHEN status = 'pending' THEN not_before END

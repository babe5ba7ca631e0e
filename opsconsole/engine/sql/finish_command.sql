-- The success of a command, in the same round trip as the COMMIT of its effects. The fence raises when the claim
-- has passed to another worker: everything the handler did is then rolled back.
WITH done AS (
    UPDATE ops_engine_command
       SET status = 'success', attempts = attempts + 1, claim_id = NULL, place = NULL, error_class = '', error = '',
           started_at = COALESCE(%(now)s::timestamptz, clock_timestamp()) - make_interval(secs => %(seconds)s),
           finished_at = COALESCE(%(now)s::timestamptz, clock_timestamp()),
           duration = make_interval(secs => %(seconds)s), log = %(log)s::jsonb
     WHERE id = %(id)s AND claim_id = %(claim_id)s AND status = 'processing'
    RETURNING 1
)
SELECT ops_engine_fence(count(*)) FROM done;
COMMIT

-- `suspects` were running when the connection broke: no attempt of theirs is spent, but should one of them break it every
-- time, it does so alone, ever more seldom, and not for ever. Events have no due time and no count of losses: a suspect one
-- has a try on its record, which makes it travel alone.
-- One statement, so that no row is left pointing to a claim that is gone. It serves events and commands alike.
WITH commands AS (
    UPDATE ops_engine_command
       SET status = 'pending', claim_id = NULL, place = NULL, started_at = NULL,
           losses = losses + (id = ANY(%(suspects)s::uuid[]))::integer,
           not_before = CASE WHEN id = ANY(%(suspects)s::uuid[])
                             THEN statement_timestamp() + make_interval(secs => LEAST(power(2, losses), 300))
                             ELSE not_before END
     WHERE claim_id = %(claim_id)s AND status = 'processing'
), events AS (
    UPDATE ops_engine_event
       SET status = 'pending', claim_id = NULL, started_at = NULL,
           attempts = attempts + (id = ANY(%(suspects)s::uuid[]))::integer
     WHERE claim_id = %(claim_id)s AND status = 'processing'
)
DELETE FROM ops_engine_claim WHERE id = %(claim_id)s

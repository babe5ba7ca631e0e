-- One statement, so that no row is left pointing to a claim that is gone. It serves events and commands alike.
WITH commands AS (
    UPDATE ops_engine_command SET status = 'pending', claim_id = NULL, place = NULL, started_at = NULL
     WHERE claim_id = %(claim_id)s AND status = 'processing'
), events AS (
    UPDATE ops_engine_event SET status = 'pending', claim_id = NULL, started_at = NULL
     WHERE claim_id = %(claim_id)s AND status = 'processing'
)
DELETE FROM ops_engine_claim WHERE id = %(claim_id)s

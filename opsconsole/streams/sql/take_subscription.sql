-- Take up the subscription that has waited longest for its turn among those that are behind. Passed over are those
-- that somebody is serving: their row is locked, or was a moment ago (a moment ahead means that the clock was set back);
-- and those that the code here knows otherwise than the release that migrated last. Whoever takes one that has fallen
-- silent charges it with a lost worker: `tries` counts them until it gets on.
UPDATE ops_streams_subscription AS taken
   SET tries = tries + 1, worker = %(worker)s, seen_at = statement_timestamp()
 WHERE name = (
        SELECT subscription.name
          FROM ops_streams_subscription AS subscription
          JOIN unnest(%(known)s::text[], %(contracts)s::text[]) AS known (name, contract)
            ON known.name = COALESCE(shadow_of, subscription.name) AND subscription.contract IN ('', known.contract)
         WHERE status = 'running'
           AND (not_before IS NULL OR not_before <= COALESCE(%(now)s::timestamptz, statement_timestamp()))
           AND (tries = 0 OR abs(extract(epoch FROM statement_timestamp() - seen_at)) > %(silence)s)
           AND (position < (SELECT position FROM ops_engine_sequencer WHERE id = 1) OR shadow_of IS NOT NULL)
         ORDER BY seen_at NULLS FIRST, subscription.name
         LIMIT 1
           FOR NO KEY UPDATE OF subscription SKIP LOCKED
       )
RETURNING name

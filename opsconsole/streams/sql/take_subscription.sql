-- Take up the subscription that has waited longest for its turn among those that are behind. Passed over are those
-- that somebody is serving: their row is locked, or was a moment ago. Whoever takes one that has fallen silent charges
-- it with a lost worker: `tries` counts them until it gets on.
UPDATE ops_streams_subscription AS taken
   SET tries = tries + 1, worker = %(worker)s, seen_at = statement_timestamp()
 WHERE name = (
        SELECT name FROM ops_streams_subscription
         WHERE status = 'running' AND COALESCE(shadow_of, name) = ANY(%(known)s::text[])
           AND (not_before IS NULL OR not_before <= COALESCE(%(now)s::timestamptz, statement_timestamp()))
           AND (tries = 0 OR seen_at < statement_timestamp() - make_interval(secs => %(silence)s))
           AND (position < (SELECT position FROM ops_engine_sequencer WHERE id = 1) OR shadow_of IS NOT NULL)
         ORDER BY seen_at NULLS FIRST, name
         LIMIT 1
           FOR NO KEY UPDATE SKIP LOCKED
       )
RETURNING name

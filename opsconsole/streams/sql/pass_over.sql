-- Subscriptions that had reached the end of the log, and follow none of the events that came behind it, are at its end
-- again, without a turn of their own: a dozen of them would take theirs before the one that is concerned. One that
-- somebody is serving, that waits for a time, that was behind already, or of which another release may know more, is
-- left to its turn.
UPDATE ops_streams_subscription
   SET position = %(upto)s
 WHERE name IN (
        SELECT subscription.name
          FROM ops_streams_subscription AS subscription
          JOIN unnest(%(known)s::text[], %(contracts)s::text[]) AS known (name, contract)
            ON known.name = subscription.name AND subscription.contract IN ('', known.contract)
         WHERE status = 'running' AND position = %(after)s AND tries = 0 AND not_before IS NULL AND shadow_of IS NULL
           FOR NO KEY UPDATE OF subscription SKIP LOCKED
       )

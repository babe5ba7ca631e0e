-- Subscriptions that had reached the end of the log, and follow none of the events that came behind it, are at its end
-- again, without a turn of their own: a dozen of them would take theirs before the one that is concerned. One that
-- somebody is serving, that waits for a time, or that was behind already, is left to its turn.
UPDATE ops_streams_subscription
   SET position = %(upto)s
 WHERE name IN (
        SELECT name FROM ops_streams_subscription
         WHERE name = ANY(%(names)s::text[]) AND status = 'running' AND position = %(after)s AND tries = 0
           AND not_before IS NULL AND shadow_of IS NULL
           FOR NO KEY UPDATE SKIP LOCKED
       )

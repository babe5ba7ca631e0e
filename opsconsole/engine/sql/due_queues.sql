-- For each queue with pending commands: whether any is due now, and when the next one will be. The recursion is a loose
-- index scan: it hops from one (queue, priority) to the next in the partial index of pending commands, so its cost is the
-- number of pairs, not of commands.
WITH RECURSIVE pair AS (
    (SELECT queue, priority FROM ops_engine_command WHERE status = 'pending' ORDER BY queue, priority LIMIT 1)
    UNION ALL
    SELECT next.queue, next.priority
      FROM pair, LATERAL (
            SELECT queue, priority FROM ops_engine_command
             WHERE status = 'pending' AND (queue, priority) > (pair.queue, pair.priority)
             ORDER BY queue, priority LIMIT 1
           ) AS next
)
SELECT pair.queue,
       bool_or(EXISTS (
            SELECT FROM ops_engine_command AS command
             WHERE command.status = 'pending' AND command.queue = pair.queue AND command.priority = pair.priority
               AND command.not_before <= statement_timestamp()
       )),
       min(EXTRACT(epoch FROM (
            SELECT command.not_before FROM ops_engine_command AS command
             WHERE command.status = 'pending' AND command.queue = pair.queue AND command.priority = pair.priority
               AND command.not_before > statement_timestamp()
             ORDER BY command.not_before LIMIT 1
       ) - clock_timestamp()))
  FROM pair
 GROUP BY pair.queue

-- For each queue with pending commands: how many are due (counted up to a bound), and since when the oldest is. The
-- recursion is a loose index scan: it hops from one (queue, priority) to the next in the partial index of pending commands.
WITH RECURSIVE moment AS (
    SELECT COALESCE(%(now)s::timestamptz, statement_timestamp()) AS now
), pair AS (
    (SELECT queue, priority, not_before FROM ops_engine_command WHERE status = 'pending'
      ORDER BY queue, priority, not_before LIMIT 1)
    UNION ALL
    SELECT next.queue, next.priority, next.not_before
      FROM pair, LATERAL (
            SELECT queue, priority, not_before FROM ops_engine_command
             WHERE status = 'pending' AND (queue, priority) > (pair.queue, pair.priority)
             ORDER BY queue, priority, not_before LIMIT 1
           ) AS next
)
SELECT queue,
       (SELECT count(*) FROM (
            SELECT FROM ops_engine_command AS command
             WHERE command.status = 'pending' AND command.queue = pair.queue AND command.not_before <= (SELECT now FROM moment)
             LIMIT %(bound)s
       ) AS due),
       (SELECT now FROM moment) - min(not_before) FILTER (WHERE not_before <= (SELECT now FROM moment))
  FROM pair
 GROUP BY queue

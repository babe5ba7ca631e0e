-- Of one process, any that waits, the instances whose time has been up for longest. "Nothing has happened" is judged by
-- the log: while a process has not read it up to a deadline, what comes next in it may have happened in time. Instances
-- that somebody is moving right now are passed over: their deadline may be another one in a moment.
-- `due` is materialised, else the planner may run it once a row: each time it draws another process, passes over what it
-- has taken, and takes a page more.
WITH ready AS (
    SELECT known.name,
           LEAST(
               COALESCE(%(now)s::timestamptz, statement_timestamp()),
               (SELECT created_at FROM ops_engine_event WHERE position = subscription.position + 1)
           ) AS moment
      FROM unnest(%(known)s::text[], %(contracts)s::text[]) AS known (name, contract)
      JOIN ops_streams_subscription AS subscription
        ON subscription.name = known.name AND subscription.contract IN ('', known.contract)
), due AS MATERIALIZED (
    SELECT process.id
      FROM (SELECT * FROM ready
             WHERE EXISTS (SELECT FROM ops_streams_process
                            WHERE type = ready.name AND deadline_at <= ready.moment)
             ORDER BY random() LIMIT 1) AS next
     CROSS JOIN LATERAL (
           SELECT id FROM ops_streams_process
            WHERE type = next.name AND deadline_at <= next.moment
            ORDER BY deadline_at
            LIMIT %(page)s
              FOR NO KEY UPDATE SKIP LOCKED
           ) AS process
)
UPDATE ops_streams_process SET deadline_at = NULL
 WHERE id IN (SELECT id FROM due)
RETURNING id, type

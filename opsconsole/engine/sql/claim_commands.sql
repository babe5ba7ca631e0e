-- Take up to `limit` due commands of one queue and stamp each with the claim and its place.
--
-- The CTEs are materialised, else the planner may re-run the inner scan and pass the LIMIT. SKIP LOCKED: workers never
-- wait for each other. The scan starts at a low-water mark (priority and due time below which this worker
-- knows of nothing live), so that it does not walk over dead index entries; more urgent priorities are looked
-- at apart, and every few seconds the mark is dropped to catch rows that committed late.
--
-- The update finds its rows by an array, not by a join or by bounds from a subquery: these would prune partitions
-- while the statement runs, and PostgreSQL 18.6 crashes (all of it) when that meets a row lock that had to be
-- looked at again because another worker was quicker.
--
-- `kept` cuts the chunk where the expected work passes `budget` seconds, by the recent durations of the types,
-- so that slow commands are not hoarded. A command that was in lost claims before counts as infinitely slow: it runs alone.
WITH urgent AS MATERIALIZED (
    SELECT id, priority, not_before, type, losses
      FROM ops_engine_command
     WHERE status = 'pending' AND queue = %(queue)s
       AND priority < %(low_priority)s
       AND not_before <= COALESCE(%(now)s::timestamptz, statement_timestamp())
       AND type <> ALL(%(paused_types)s::text[]) AND tenant <> ALL(%(paused_tenants)s::text[])
     ORDER BY priority, not_before, id
     LIMIT %(limit)s
       FOR NO KEY UPDATE SKIP LOCKED
), regular AS MATERIALIZED (
    SELECT id, priority, not_before, type, losses
      FROM ops_engine_command
     WHERE status = 'pending' AND queue = %(queue)s
       AND (priority, not_before) >= (%(low_priority)s, %(low_time)s::timestamptz)
       AND not_before <= COALESCE(%(now)s::timestamptz, statement_timestamp())
       AND type <> ALL(%(paused_types)s::text[]) AND tenant <> ALL(%(paused_tenants)s::text[])
     ORDER BY priority, not_before, id
     LIMIT %(limit)s
       FOR NO KEY UPDATE SKIP LOCKED
), due AS (
    SELECT due.*, row_number() OVER place AS place, COALESCE(limited.allowance, %(limit)s) AS allowance,
           row_number() OVER (PARTITION BY due.type ORDER BY priority, not_before, id) AS nth_of_type,
           sum(CASE WHEN losses > 0 THEN 'infinity' ELSE COALESCE(known.cost, 0) END) OVER place AS cost
      FROM (SELECT * FROM urgent UNION ALL SELECT * FROM regular) AS due
      LEFT JOIN unnest(%(types)s::text[], %(costs)s::float8[]) AS known (type, cost) USING (type)
      LEFT JOIN unnest(%(limited)s::text[], %(allowances)s::integer[]) AS limited (type, allowance) USING (type)
    WINDOW place AS (ORDER BY priority, not_before, id ROWS UNBOUNDED PRECEDING)
), kept AS MATERIALIZED (
    SELECT id, priority, not_before, place FROM due
     WHERE place <= %(limit)s AND (place = 1 OR cost <= %(budget)s) AND nth_of_type <= allowance
), held AS (
    INSERT INTO ops_engine_claim (id, kind, queue, worker, size, lease_until)
    SELECT %(claim_id)s, 'command', %(queue)s, %(worker)s, count(*),
           statement_timestamp() + make_interval(secs => %(lease)s)
      FROM kept HAVING count(*) > 0
), stamped AS (
    UPDATE ops_engine_command AS command
       SET status = 'processing', claim_id = %(claim_id)s,
           place = array_position(ARRAY(SELECT id FROM kept ORDER BY place), command.id),
           started_at = COALESCE(%(now)s::timestamptz, statement_timestamp())
     WHERE command.id = ANY(ARRAY(SELECT id FROM kept))
    RETURNING command.id, command.type, command.queue, command.schema_version, command.payload::text, command.tenant,
              command.correlation_id, command.cause_kind, command.cause_id, command.metadata::text, command.attempts,
              command.max_attempts, command.losses, command.batch_id, command.step_id, command.unique_key, command.created_at,
              command.priority, command.not_before, command.place
)
SELECT * FROM stamped ORDER BY place

-- Take up to `most` due commands of one queue and stamp each with the claim and its place.
--
-- The CTEs are materialised, else the planner may re-run the inner scan and pass the LIMIT. SKIP LOCKED: workers never
-- wait for each other. The scan starts at a low-water mark (priority and due time below which this worker
-- knows of nothing live), so that it does not walk over dead index entries; more urgent priorities are looked
-- at apart, and every second the mark is dropped to catch rows that committed late.
--
-- The update finds its rows by an array, not by a join or by bounds from a subquery: these would prune partitions
-- while the statement runs, and PostgreSQL 18.6 crashes (all of it) when that meets a row lock that had to be
-- looked at again because another worker was quicker.
--
-- `kept` cuts the chunk where the expected work passes `budget` seconds, by the recent durations of the types,
-- so that slow commands are not hoarded. A command that was in lost claims before counts as infinitely slow: it runs alone.
--
-- A function, so that its plan is made once a session: planning it on a table with many partitions costs more than
-- claiming a hundred commands, and ten times as much as finding that nothing is due. A plan made while the table was
-- empty must serve when it is full, hence no sequential scans.
CREATE FUNCTION ops_engine_claim_commands(
    the_queue text,
    the_claim uuid,
    the_worker text,
    most integer,
    lease float8,
    budget float8,
    low_priority smallint,
    low_time timestamptz,
    paused_types text[],
    paused_tenants text[],
    known_types text[],
    known_costs float8[],
    limited_types text[],
    allowances integer[],
    the_time timestamptz
) RETURNS TABLE (
    id uuid, type varchar, queue varchar, schema_version smallint, payload text, tenant varchar, correlation_id uuid,
    cause_kind varchar, cause_id uuid, metadata text, attempts integer, max_attempts smallint, losses integer,
    batch_id uuid, step_id uuid, unique_key varchar, created_at timestamptz, priority smallint, not_before timestamptz, place smallint
) LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH urgent AS MATERIALIZED (
        SELECT id, priority, not_before, type, losses
          FROM ops_engine_command
         WHERE status = 'pending' AND queue = the_queue
           AND priority < low_priority
           AND not_before <= COALESCE(the_time, statement_timestamp())
           AND type <> ALL(paused_types) AND tenant <> ALL(paused_tenants)
         ORDER BY priority, not_before, id
         LIMIT most
           FOR NO KEY UPDATE SKIP LOCKED
    ), regular AS MATERIALIZED (
        SELECT id, priority, not_before, type, losses
          FROM ops_engine_command
         WHERE status = 'pending' AND queue = the_queue
           AND (priority, not_before) >= (low_priority, low_time)
           AND not_before <= COALESCE(the_time, statement_timestamp())
           AND type <> ALL(paused_types) AND tenant <> ALL(paused_tenants)
         ORDER BY priority, not_before, id
         LIMIT most
           FOR NO KEY UPDATE SKIP LOCKED
    ), due AS (
        SELECT due.*, row_number() OVER place AS place, COALESCE(limited.allowance, most) AS allowance,
               row_number() OVER (PARTITION BY due.type ORDER BY priority, not_before, id) AS nth_of_type,
               sum(CASE WHEN losses > 0 THEN 'infinity' ELSE COALESCE(known.cost, 0) END) OVER place AS cost
          FROM (SELECT * FROM urgent UNION ALL SELECT * FROM regular) AS due
          LEFT JOIN unnest(known_types, known_costs) AS known (type, cost) USING (type)
          LEFT JOIN unnest(limited_types, allowances) AS limited (type, allowance) USING (type)
        WINDOW place AS (ORDER BY priority, not_before, id ROWS UNBOUNDED PRECEDING)
    ), kept AS MATERIALIZED (
        SELECT id, priority, not_before, place FROM due
         WHERE place <= most AND (place = 1 OR cost <= budget) AND nth_of_type <= allowance
    ), held AS (
        INSERT INTO ops_engine_claim (id, kind, queue, worker, size, lease_until)
        SELECT the_claim, 'command', the_queue, the_worker, count(*),
               statement_timestamp() + make_interval(secs => lease)
          FROM kept HAVING count(*) > 0
    ), stamped AS (
        UPDATE ops_engine_command AS command
           SET status = 'processing', claim_id = the_claim,
               place = array_position(ARRAY(SELECT id FROM kept ORDER BY place), command.id),
               started_at = COALESCE(the_time, statement_timestamp())
         WHERE command.id = ANY(ARRAY(SELECT id FROM kept))
        RETURNING command.id, command.type, command.queue, command.schema_version, command.payload::text, command.tenant,
                  command.correlation_id, command.cause_kind, command.cause_id, command.metadata::text, command.attempts,
                  command.max_attempts, command.losses, command.batch_id, command.step_id, command.unique_key, command.created_at,
                  command.priority, command.not_before, command.place
    )
    SELECT * FROM stamped ORDER BY place;
END $$;

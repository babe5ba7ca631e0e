-- Take up to `limit` pending events, oldest first, and stamp them. An event that was in a lost claim before is
-- taken alone, so that one whose reactions kill their worker takes no other with it.
-- A type, or a version of it, that no code here knows is left, for a while, to a worker of the release that does.
WITH due AS MATERIALIZED (
    SELECT id, attempts FROM ops_engine_event
     WHERE status = 'pending' AND id >= %(low_id)s
       AND (schema_version <= COALESCE((%(versions)s::integer[])[array_position(%(known)s::text[], type::text)], 0)
            OR created_at < statement_timestamp() - make_interval(secs => %(grace)s))
     ORDER BY id
     LIMIT %(limit)s
       FOR NO KEY UPDATE SKIP LOCKED
), kept AS MATERIALIZED (
    SELECT id FROM (
        SELECT id, row_number() OVER place AS place,
               sum(attempts) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS suspicion
          FROM due WINDOW place AS (ORDER BY id)
    ) AS ranked
     WHERE place = 1 OR suspicion = 0
), held AS (
    INSERT INTO ops_engine_claim (id, kind, worker, size, lease_until)
    SELECT %(claim_id)s, 'event', %(worker)s, count(*), statement_timestamp() + make_interval(secs => %(lease)s)
      FROM kept HAVING count(*) > 0
), stamped AS (
    UPDATE ops_engine_event AS event
       SET status = 'processing', claim_id = %(claim_id)s,
           started_at = COALESCE(%(now)s::timestamptz, statement_timestamp())
     WHERE event.id = ANY(ARRAY(SELECT id FROM kept))  -- no join: see claim_commands
    RETURNING event.id, event.type, event.schema_version, event.data::text, event.tenant, event.correlation_id,
              event.metadata::text, event.attempts, event.created_at, event.source_model, event.source_id
)
SELECT * FROM stamped ORDER BY id

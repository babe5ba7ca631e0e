-- Members of one batch differ in little; what they share is sent once, which makes 100,000 of them cheap.
INSERT INTO ops_engine_command (
    id, type, schema_version, payload, tenant, correlation_id, cause_kind, cause_id, metadata,
    queue, priority, not_before, max_attempts, status, batch_id, created_at
)
SELECT new.id, new.type, new.schema_version, new.payload::jsonb, %(tenant)s, %(correlation_id)s,
       %(cause_kind)s, %(cause_id)s, %(metadata)s::jsonb, new.queue, new.priority,
       COALESCE(%(not_before)s::timestamptz, clock.now), new.max_attempts, %(status)s, %(batch_id)s, clock.now
  FROM (SELECT COALESCE(%(now)s::timestamptz, statement_timestamp()) AS now) AS clock,
       unnest(
           %(id)s::uuid[], %(type)s::text[], %(schema_version)s::smallint[], %(payload)s::text[],
           %(queue)s::text[], %(priority)s::smallint[], %(max_attempts)s::smallint[]
       ) AS new (id, type, schema_version, payload, queue, priority, max_attempts)

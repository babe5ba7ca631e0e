-- Commands of any mixture: one array a column, so that one round trip stores a handler's whole output.
-- created_at and not_before come from the database's clock; delays are relative to it.
INSERT INTO ops_engine_command (
    id, type, schema_version, payload, tenant, correlation_id, cause_kind, cause_id, metadata,
    queue, priority, not_before, max_attempts, status, batch_id, step_id, release_on, unique_key, created_at
)
SELECT new.id, new.type, new.schema_version, new.payload::jsonb, new.tenant, new.correlation_id,
       new.cause_kind, new.cause_id, new.metadata::jsonb, new.queue, new.priority,
       COALESCE(new.not_before, clock.now + make_interval(secs => new.delay)),
       new.max_attempts, new.status, new.batch_id, new.step_id, new.release_on, new.unique_key, clock.now
  FROM (SELECT COALESCE(%(now)s::timestamptz, statement_timestamp()) AS now) AS clock,
       unnest(
           %(id)s::uuid[], %(type)s::text[], %(schema_version)s::smallint[], %(payload)s::text[],
           %(tenant)s::text[], %(correlation_id)s::uuid[], %(cause_kind)s::text[], %(cause_id)s::uuid[],
           %(metadata)s::text[], %(queue)s::text[], %(priority)s::smallint[], %(not_before)s::timestamptz[],
           %(delay)s::float8[], %(max_attempts)s::smallint[], %(status)s::text[], %(batch_id)s::uuid[],
           %(step_id)s::uuid[], %(release_on)s::text[], %(unique_key)s::text[]
       ) AS new (
           id, type, schema_version, payload, tenant, correlation_id, cause_kind, cause_id, metadata,
           queue, priority, not_before, delay, max_attempts, status, batch_id, step_id, release_on, unique_key
       )

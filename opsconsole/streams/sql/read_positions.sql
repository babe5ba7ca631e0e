SELECT id, position, stream, version, type, schema_version, data::text, tenant, correlation_id, cause_kind, cause_id,
       metadata::text, created_at
  FROM ops_engine_event
 WHERE position = ANY(%(positions)s::bigint[])
 ORDER BY position

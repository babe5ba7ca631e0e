-- Events of any mixture, in the order given: seq is drawn row by row in that order.
INSERT INTO ops_engine_event (
    id, type, schema_version, data, tenant, correlation_id, cause_kind, cause_id, metadata,
    source_model, source_id, stream, version, created_at
)
SELECT new.id, new.type, new.schema_version, new.data::jsonb, new.tenant, new.correlation_id, new.cause_kind,
       new.cause_id, new.metadata::jsonb, new.source_model, new.source_id, new.stream, new.version,
       COALESCE(%(now)s::timestamptz, statement_timestamp())
  FROM unnest(
           %(id)s::uuid[], %(type)s::text[], %(schema_version)s::smallint[], %(data)s::text[], %(tenant)s::text[],
           %(correlation_id)s::uuid[], %(cause_kind)s::text[], %(cause_id)s::uuid[], %(metadata)s::text[],
           %(source_model)s::text[], %(source_id)s::text[], %(stream)s::text[], %(version)s::integer[]
       ) WITH ORDINALITY AS new (
           id, type, schema_version, data, tenant, correlation_id, cause_kind, cause_id, metadata,
           source_model, source_id, stream, version, ordinal
       )
 ORDER BY new.ordinal

-- A workflow begins with its first release, in the same transaction.
INSERT INTO ops_engine_workflow (id, name, tenant, correlation_id, cause_kind, cause_id, metadata, status, created_at)
VALUES (
    %(id)s, %(name)s, %(tenant)s, %(correlation_id)s, %(cause_kind)s, %(cause_id)s, %(metadata)s::jsonb, 'processing',
    COALESCE(%(now)s::timestamptz, statement_timestamp())
)

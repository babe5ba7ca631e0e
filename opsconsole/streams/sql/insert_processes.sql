-- A second live instance about one subject violates a unique index; a state to begin in is checked by a trigger.
INSERT INTO ops_streams_process (id, type, subject, status, is_live, state, version, tenant, deadline_at, moved_at)
SELECT new.id, %(type)s, new.subject, new.status, new.is_live, new.state::jsonb, new.version, new.tenant,
       now_at + make_interval(secs => new.patience), now_at
  FROM unnest(
           %(id)s::uuid[], %(subject)s::text[], %(status)s::text[], %(is_live)s::boolean[], %(state)s::text[],
           %(version)s::integer[], %(tenant)s::text[], %(patience)s::float8[]
       ) AS new (id, subject, status, is_live, state, version, tenant, patience),
       COALESCE(%(now)s::timestamptz, statement_timestamp()) AS now_at

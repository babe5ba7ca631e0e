-- The rows are locked. The version is the fence all the same; the move is checked by a trigger.
UPDATE ops_streams_process AS process
   SET subject = new.subject, status = new.status, is_live = new.is_live, state = new.state::jsonb,
       version = new.version,
       deadline_at = CASE WHEN process.status = new.status THEN process.deadline_at
                          ELSE now_at + make_interval(secs => new.patience) END,
       moved_at = CASE WHEN process.status = new.status THEN process.moved_at ELSE now_at END
  FROM unnest(
           %(id)s::uuid[], %(subject)s::text[], %(status)s::text[], %(is_live)s::boolean[], %(state)s::text[],
           %(version)s::integer[], %(tenant)s::text[], %(patience)s::float8[]
       ) AS new (id, subject, status, is_live, state, version, tenant, patience),
       COALESCE(%(now)s::timestamptz, statement_timestamp()) AS now_at
 WHERE process.id = new.id AND process.type = %(type)s AND process.version = new.version - 1

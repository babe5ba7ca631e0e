INSERT INTO ops_streams_processstep (
    process_id, number, source, target, state, cause_kind, cause_id, cause_name, refusal, taken_at
)
SELECT new.process_id, new.number, new.source, new.target, new.state::jsonb, new.cause_kind, new.cause_id,
       new.cause_name, new.refusal, COALESCE(%(now)s::timestamptz, statement_timestamp())
  FROM unnest(
           %(process_id)s::uuid[], %(number)s::integer[], %(source)s::text[], %(target)s::text[], %(state)s::text[],
           %(cause_kind)s::text[], %(cause_id)s::uuid[], %(cause_name)s::text[], %(refusal)s::text[]
       ) WITH ORDINALITY AS new (
           process_id, number, source, target, state, cause_kind, cause_id, cause_name, refusal, ordinal
       )
 ORDER BY ordinal

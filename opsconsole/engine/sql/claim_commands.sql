-- Take up to `limit` due commands of one queue; what it does stands in migrations/0001_claim_commands.sql.
SELECT * FROM ops_engine_claim_commands(
    %(queue)s::text, %(claim_id)s::uuid, %(worker)s::text, %(limit)s::integer, %(lease)s::float8,
    %(budget)s::float8, (%(low_priority)s)::smallint, %(low_time)s::timestamptz, %(paused_types)s::text[],
    %(paused_tenants)s::text[], %(types)s::text[], %(costs)s::float8[], %(limited)s::text[],
    %(allowances)s::integer[], %(now)s::timestamptz
)

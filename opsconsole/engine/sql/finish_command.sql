-- The success of a command in the same round trip as the COMMIT of its effects. The function raises when the claim has
-- passed to another worker: COMMIT is then never reached, and everything the handler did is rolled back.
SELECT ops_engine_finish_command(
    %(id)s::uuid, %(claim_id)s::uuid, %(seconds)s::float8, %(log)s::jsonb, %(now)s::timestamptz
);
COMMIT

-- Whoever comes first with a key holds it until its transaction ends; whoever comes second waits here, and then finds
-- the answer, or nothing when the first one failed.
INSERT INTO ops_api_answer (caller, place, key, fingerprint, status, headers, body, created_at)
VALUES (
           %(caller)s, %(place)s, %(key)s, %(fingerprint)s, 0, '{}'::jsonb, '',
           COALESCE(%(now)s::timestamptz, statement_timestamp())
       )
    ON CONFLICT (caller, place, key) DO NOTHING
RETURNING id

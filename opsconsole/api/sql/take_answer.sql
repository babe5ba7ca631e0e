-- Whoever comes first with a key holds it until its transaction ends; whoever comes second waits here, and then finds
-- the answer, or nothing when the first one failed. An answer that is kept for too long already is as good as dropped,
-- whether or not somebody has cleaned up: of those who come after it one takes its place, and should it fail, the next.
INSERT INTO ops_api_answer AS kept (caller, place, key, fingerprint, status, headers, body, created_at)
VALUES (
           %(caller)s, %(place)s, %(key)s, %(fingerprint)s, 0, '{}'::jsonb, '',
           COALESCE(%(now)s::timestamptz, statement_timestamp())
       )
    ON CONFLICT (caller, place, key) DO UPDATE
   SET fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers, body = excluded.body,
       created_at = excluded.created_at
 WHERE kept.created_at < excluded.created_at - make_interval(secs => %(kept)s)
RETURNING id

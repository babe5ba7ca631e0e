-- Looks a token up, counts the request and notes the use, in one round trip. `spent_until` is how far into the future
-- the requests so far have spent the token's rate; a request that would spend more than a minute ahead is refused, so
-- that as many as a minute allows may come at once. The guard is in the UPDATE: two requests cannot both take the last.
WITH moment AS (
    SELECT COALESCE(%(now)s::timestamptz, statement_timestamp()) AS now
), token AS (
    SELECT id, name, user_id, tenant, scopes, make_interval(secs => 60.0 / per_minute) AS costs
      FROM ops_api_token, moment
     WHERE digest = %(digest)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > moment.now)
), counted AS (
    INSERT INTO ops_api_use AS used (token_id, spent_until, used_at)
    SELECT token.id, moment.now + token.costs, moment.now FROM token, moment
        ON CONFLICT (token_id) DO UPDATE
       SET spent_until = GREATEST(used.spent_until, excluded.used_at) + (excluded.spent_until - excluded.used_at),
           used_at = GREATEST(used.used_at, excluded.used_at)
     WHERE GREATEST(used.spent_until, excluded.used_at) + (excluded.spent_until - excluded.used_at)
           <= excluded.used_at + interval '1 minute'
    RETURNING token_id
)
SELECT token.id, token.name, token.user_id, token.tenant, token.scopes, EXISTS (SELECT FROM counted),
       EXTRACT(EPOCH FROM used.spent_until + token.costs - interval '1 minute' - moment.now)::float8
  FROM moment CROSS JOIN token
  LEFT JOIN ops_api_use AS used ON used.token_id = token.id

-- What finished since the last roll-up: minutes, found by the BRIN index on finished_at. The limit bounds the work when
-- nobody rolls up any more.
SELECT date_trunc('minute', finished_at), type, status, width_bucket(seconds, %(bounds)s::float8[]),
       count(*), sum(seconds)
  FROM (
        SELECT finished_at, type, status, COALESCE(EXTRACT(epoch FROM duration), 0)::float8 AS seconds
          FROM ops_engine_command
         WHERE finished_at >= %(since)s AND status IN ('success', 'error', 'cancelled')
           AND (tenant = %(tenant)s OR %(tenant)s::text IS NULL)
         LIMIT %(limit)s
       ) AS ended
 GROUP BY 1, 2, 3, 4

-- Whole minutes. finished_at has a BRIN index: rows that finished together lie together.
INSERT INTO ops_engine_rollup (kind, bucket, span, type, tenant, status, count, seconds, histogram)
SELECT 'command', bucket, 'minute', type, tenant, status, sum(count), sum(seconds),
       ARRAY(SELECT COALESCE(sum(bins.count), 0)::integer
               FROM generate_series(0, cardinality(%(bounds)s::float8[])) AS bin
               LEFT JOIN unnest(array_agg(bin_no), array_agg(count::integer)) AS bins (bin_no, count) ON bins.bin_no = bin
              GROUP BY bin ORDER BY bin)
  FROM (
        SELECT date_trunc('minute', finished_at) AS bucket, type, tenant, status,
               width_bucket(COALESCE(EXTRACT(epoch FROM duration), 0)::float8, %(bounds)s::float8[]) AS bin_no,
               count(*) AS count, sum(COALESCE(EXTRACT(epoch FROM duration), 0))::float8 AS seconds
          FROM ops_engine_command
         WHERE finished_at >= %(since)s AND finished_at < %(until)s
           AND status IN ('success', 'error', 'cancelled')
         GROUP BY 1, 2, 3, 4, 5
       ) AS binned
 GROUP BY bucket, type, tenant, status
    ON CONFLICT DO NOTHING

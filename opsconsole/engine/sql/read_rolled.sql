-- Merged into buckets of `step`.
SELECT date_bin(make_interval(secs => %(step)s), bucket, timestamptz 'epoch'), type, status, sum(count)::bigint
  FROM ops_engine_rollup
 WHERE kind = %(kind)s AND bucket >= %(since)s AND bucket < %(until)s AND span <> 'total'
   AND (tenant = %(tenant)s OR %(tenant)s::text IS NULL)
 GROUP BY 1, 2, 3

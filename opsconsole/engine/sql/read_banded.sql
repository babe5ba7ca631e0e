-- Several windows in one scan: each row falls into the band between two starts, and the reader adds bands up.
SELECT type, width_bucket(bucket, %(starts)s::timestamptz[]), sum(count)::bigint
  FROM ops_engine_rollup
 WHERE kind = %(kind)s AND status = %(status)s AND span <> 'total'
   AND bucket >= (%(starts)s::timestamptz[])[1] AND bucket < %(until)s
   AND (tenant = %(tenant)s OR %(tenant)s::text IS NULL)
 GROUP BY 1, 2

-- The histogram's bins are summed one by one: unnesting them costs ten times as much.
SELECT type, sum(seconds),
       sum(histogram[1])::bigint, sum(histogram[2])::bigint, sum(histogram[3])::bigint, sum(histogram[4])::bigint,
       sum(histogram[5])::bigint, sum(histogram[6])::bigint, sum(histogram[7])::bigint, sum(histogram[8])::bigint,
       sum(histogram[9])::bigint, sum(histogram[10])::bigint, sum(histogram[11])::bigint
  FROM ops_engine_rollup
 WHERE kind = %(kind)s AND bucket >= %(since)s AND bucket < %(until)s AND span <> 'total' AND status <> 'cancelled'
   AND (tenant = %(tenant)s OR %(tenant)s::text IS NULL)
 GROUP BY type

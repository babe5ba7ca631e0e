-- Merged into buckets of `step`. The histogram's bins are summed one by one: unnesting them costs ten times as much.
SELECT date_bin(%(step)s, bucket, timestamptz 'epoch'), type, status, sum(count), sum(seconds),
       sum(histogram[1]), sum(histogram[2]), sum(histogram[3]), sum(histogram[4]), sum(histogram[5]), sum(histogram[6]),
       sum(histogram[7]), sum(histogram[8]), sum(histogram[9]), sum(histogram[10]), sum(histogram[11])
  FROM ops_engine_rollup
 WHERE kind = %(kind)s AND bucket >= %(since)s AND bucket < %(until)s AND (tenant = %(tenant)s OR %(tenant)s::text IS NULL)
 GROUP BY 1, 2, 3

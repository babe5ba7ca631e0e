-- Minutes older than two days become hours, whole hours at a time.
WITH old AS (
    DELETE FROM ops_engine_rollup
     WHERE span = 'minute' AND bucket < date_trunc('hour', now() - interval '2 days')
    RETURNING *
), bins AS (
    SELECT kind, date_trunc('hour', bucket) AS bucket, type, tenant, status, bin.no, sum(bin.count)::integer AS count
      FROM old, unnest(histogram) WITH ORDINALITY AS bin (count, no)
     GROUP BY 1, 2, 3, 4, 5, 6
), histograms AS (
    SELECT kind, bucket, type, tenant, status, array_agg(count ORDER BY no) AS histogram
      FROM bins GROUP BY 1, 2, 3, 4, 5
), totals AS (
    SELECT kind, date_trunc('hour', bucket) AS bucket, type, tenant, status, sum(count) AS count, sum(seconds) AS seconds
      FROM old GROUP BY 1, 2, 3, 4, 5
)
INSERT INTO ops_engine_rollup AS merged (kind, bucket, span, type, tenant, status, count, seconds, histogram)
SELECT kind, bucket, 'hour', type, tenant, status, count, seconds, histogram
  FROM totals JOIN histograms USING (kind, bucket, type, tenant, status)
    ON CONFLICT (kind, bucket, span, type, tenant, status) DO UPDATE
   SET count = merged.count + excluded.count, seconds = merged.seconds + excluded.seconds,
       histogram = ARRAY(SELECT ours + theirs FROM unnest(merged.histogram, excluded.histogram) AS bin (ours, theirs))

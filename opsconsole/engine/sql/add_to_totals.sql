-- The minutes just rolled up, added to the running totals; in the transaction that moves the mark, so each minute once.
INSERT INTO ops_engine_rollup AS total (kind, bucket, span, type, tenant, status, count, seconds, histogram)
SELECT kind, timestamptz 'epoch', 'total', type, tenant, status, sum(count), sum(seconds), '{}'
  FROM ops_engine_rollup
 WHERE kind = %(kind)s AND span = 'minute'
   AND bucket >= date_trunc('minute', %(since)s::timestamptz) AND bucket < %(until)s
 GROUP BY kind, type, tenant, status
    ON CONFLICT (kind, bucket, span, type, tenant, status)
    DO UPDATE SET count = total.count + excluded.count, seconds = total.seconds + excluded.seconds

-- The mark, up to where to count in this pass, and whether the mark lies in the future.
SELECT until,
       LEAST(date_trunc('minute', until) + make_interval(hours => %(hours)s), date_trunc('minute', now() - interval '2 minutes')),
       until > now()
  FROM ops_engine_rollupmark
 WHERE kind = %(kind)s
   FOR UPDATE

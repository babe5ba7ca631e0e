-- now() is the same in the whole transaction: the mark moves to precisely where the count ended, never back.
UPDATE ops_engine_rollupmark
   SET until = GREATEST(until, date_trunc('minute', now() - interval '2 minutes'))
 WHERE kind = %(kind)s

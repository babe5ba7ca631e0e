-- The row lock makes this transaction the only consumer, until it ends or its connection does. A worker that freezes
-- inside it loses its session after `patience`, and with it the lock. Everything up to the head is committed. Whoever
-- has taken the subscription waits: somebody else's look at the row may have locked it for a moment.
SELECT subscription.position, subscription.tries, subscription.careful_until, subscription.failures,
       subscription.parked > 0, subscription.shadow_of, subscription.contract,
       (SELECT position FROM ops_engine_sequencer WHERE id = 1),
       set_config('idle_in_transaction_session_timeout', %(patience)s, true)
  FROM ops_streams_subscription AS subscription
 WHERE name = %(name)s AND status = 'running'
   FOR NO KEY UPDATE

-- The members of the batch that a released step is; returns the queues to wake.
WITH released AS (
    UPDATE ops_engine_command AS member
       SET status = 'pending', not_before = GREATEST(not_before, COALESCE(%(now)s::timestamptz, statement_timestamp()))
      FROM ops_engine_batch AS batch
     WHERE batch.step_id = ANY(%(steps)s::uuid[]) AND member.batch_id = batch.id AND member.status = 'awaiting'
    RETURNING member.queue
)
SELECT DISTINCT queue FROM released

-- Batches that look over: unsettled without an open member, or failed (cancelled) although every such end has been healed. Scalar
-- subqueries with a LIMIT are probed a batch at a time; as a join the planner would read the members of all batches.
SELECT batch.id FROM ops_engine_batch AS batch
 WHERE batch.status IN ('pending', 'processing')
   AND (
        SELECT true FROM ops_engine_command AS member
         WHERE member.batch_id = batch.id AND member.status <> 'success'
           AND member.status IN ('awaiting', 'pending', 'processing')
         LIMIT 1
   ) IS NULL
 UNION ALL
SELECT batch.id FROM ops_engine_batch AS batch
 WHERE batch.status IN ('error', 'cancelled')
   AND batch.settled_at < statement_timestamp() - interval '2 seconds'
   AND (
        SELECT true FROM ops_engine_command AS member
         WHERE member.batch_id = batch.id AND member.status <> 'success'
           AND (member.status IN ('awaiting', 'pending', 'processing')
                OR (member.healed_by IS NULL AND member.cause_kind <> 'reprocess' AND member.status = batch.status))
         LIMIT 1
   ) IS NULL
 LIMIT %(limit)s

-- Batches that look over: unsettled without an open member, or failed although every failure has been healed.
SELECT batch.id FROM ops_engine_batch AS batch
 WHERE batch.status IN ('pending', 'processing')
   AND NOT EXISTS (
        SELECT FROM ops_engine_command AS member
         WHERE member.batch_id = batch.id AND member.status <> 'success'
           AND member.status IN ('awaiting', 'pending', 'processing')
   )
 UNION ALL
SELECT batch.id FROM ops_engine_batch AS batch
 WHERE batch.status IN ('error', 'cancelled')
   AND batch.settled_at < statement_timestamp() - interval '2 seconds'
   AND NOT EXISTS (
        SELECT FROM ops_engine_command AS member
         WHERE member.batch_id = batch.id AND member.status <> 'success'
           AND (member.status IN ('awaiting', 'pending', 'processing')
                OR (member.healed_by IS NULL AND member.cause_kind <> 'reprocess'))
   )
 LIMIT %(limit)s

-- The next batches of a status, and whether they look over: without an open member, and, of those that failed (were
-- cancelled), with every such end healed. A page at a time, for there may be very many that nobody ever heals. Scalar
-- subqueries with a LIMIT are probed a batch at a time; as a join the planner would read the members of all batches.
SELECT batch.id,
       COALESCE(batch.settled_at < statement_timestamp() - interval '2 seconds', true)
       AND (
            SELECT true FROM ops_engine_command AS member
             WHERE member.batch_id = batch.id AND member.status <> 'success'
               AND (member.status IN ('awaiting', 'pending', 'processing')
                    OR (member.healed_by IS NULL AND member.cause_kind <> 'reprocess' AND member.status = %(status)s))
             LIMIT 1
       ) IS NULL
  FROM (
        SELECT id, settled_at FROM ops_engine_batch
         WHERE status = %(status)s AND status <> 'success' AND id > %(after)s
         ORDER BY id
         LIMIT %(limit)s
       ) AS batch
 ORDER BY batch.id

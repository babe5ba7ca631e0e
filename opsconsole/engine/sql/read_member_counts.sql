-- Successful members are not read: they are what is left of the batch's size. The lateral limit keeps a batch
-- of a hundred thousand waiting members cheap; the partial index on (batch_id, status) finds the rest.
-- A reprocessing carries the batch of its root but is no member of its own.
SELECT batch.id, member.state, count(*)
  FROM unnest(%(batches)s::uuid[]) AS batch(id)
 CROSS JOIN LATERAL (
       SELECT CASE WHEN command.healed_by IS NULL THEN command.status ELSE 'healed' END AS state
         FROM ops_engine_command AS command
        WHERE command.batch_id = batch.id AND command.status <> 'success' AND command.cause_kind <> 'reprocess'
        LIMIT %(bound)s
       ) AS member
 GROUP BY 1, 2

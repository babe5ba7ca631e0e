-- What these causes set off in the flow of a process, members of batches left out. An event may have set off a batch of
-- a hundred thousand: so many of each cause are looked at as can belong to a step, in the order of the index.
SELECT command.id
  FROM unnest(%(causes)s::uuid[]) AS cause (id)
 CROSS JOIN LATERAL (
       SELECT id, correlation_id, batch_id FROM ops_engine_command
        WHERE cause_id BETWEEN cause.id AND cause.id
        ORDER BY cause_id, id LIMIT 200
       ) AS command
 WHERE command.correlation_id = %(process)s AND command.batch_id IS NULL
 ORDER BY command.id LIMIT %(most)s

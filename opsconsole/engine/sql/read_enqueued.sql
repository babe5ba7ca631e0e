-- The commands of these events that belong to no batch. An event may have set off a batch of a hundred thousand:
-- so only the first and the last commands of each are looked at.
SELECT event.id, command.id, command.type, command.status
  FROM unnest(%(events)s::uuid[]) AS event (id)
 CROSS JOIN LATERAL (
       (SELECT id, type, status, batch_id, cause_kind FROM ops_engine_command AS command
         WHERE command.cause_id = event.id ORDER BY id LIMIT %(near)s)
        UNION
       (SELECT id, type, status, batch_id, cause_kind FROM ops_engine_command AS command
         WHERE command.cause_id = event.id ORDER BY id DESC LIMIT %(near)s)
       ) AS command
 WHERE command.batch_id IS NULL AND command.cause_kind = 'event'
 ORDER BY command.id

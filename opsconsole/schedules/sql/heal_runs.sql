-- Failed runs whose command was reprocessed with success. Only the latest are looked at: a schedule may have failed
-- every minute for a year.
WITH failed AS (
    SELECT id, COALESCE(returned_id, command_id) AS last_id
      FROM ops_schedules_run WHERE status IN ('error', 'cancelled') ORDER BY id DESC LIMIT %(limit)s
       FOR UPDATE SKIP LOCKED
)
UPDATE ops_schedules_run AS run
   SET status = 'healed', finished_at = COALESCE(%(now)s::timestamptz, statement_timestamp())
  FROM failed
  JOIN ops_engine_command AS last ON last.id = failed.last_id
 WHERE run.id = failed.id AND run.status IN ('error', 'cancelled')
   AND (last.healed_by IS NOT NULL OR last.status = 'success')
RETURNING run.id

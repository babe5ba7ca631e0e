-- Failed runs whose command was reprocessed with success. Looked at are the latest of all, for a schedule may have failed
-- every minute for a year, and of each schedule the one that later dates wait for. Only what is healed is locked.
WITH failed AS (
    SELECT id, COALESCE(returned_id, command_id) AS last_id
      FROM (SELECT * FROM ops_schedules_run WHERE status IN ('error', 'cancelled') ORDER BY id DESC LIMIT %(limit)s) AS run
     UNION
    SELECT latest.id, COALESCE(returned_id, command_id)
      FROM ops_schedules_schedule AS schedule
     CROSS JOIN LATERAL (
           SELECT * FROM ops_schedules_run
            WHERE schedule_id = schedule.name AND NOT is_manual ORDER BY id DESC LIMIT 1
           ) AS latest
     WHERE latest.status IN ('error', 'cancelled')
)
UPDATE ops_schedules_run AS run
   SET status = 'healed', finished_at = COALESCE(%(now)s::timestamptz, statement_timestamp())
  FROM failed
  JOIN ops_engine_command AS last ON last.id = failed.last_id
 WHERE run.id = failed.id AND run.status IN ('error', 'cancelled')
   AND (last.healed_by IS NOT NULL OR last.status = 'success')
RETURNING run.id

-- Schedules to look at now. Not one that is paused, or has a run under way: it has one at a time. Not one whose slots
-- are back-filled in order while its latest run has failed. A schedule that has seen the future is looked at, too:
-- the database's clock has been set back since.
SELECT schedule.name
  FROM ops_schedules_schedule AS schedule,
       (SELECT COALESCE(%(now)s::timestamptz, statement_timestamp()) AS now) AS clock
 WHERE schedule.name = ANY(%(names)s::text[])
   AND schedule.paused_at IS NULL
   AND (schedule.next_at <= clock.now OR schedule.seen_until > clock.now + interval '1 minute')
   AND NOT EXISTS (
           SELECT FROM ops_schedules_run WHERE schedule_id = schedule.name AND status = 'pending'
       )
   AND NOT (
           schedule.missed = 'backfill'
           AND COALESCE((
                   SELECT status IN ('error', 'cancelled') FROM ops_schedules_run
                    WHERE schedule_id = schedule.name AND NOT is_manual ORDER BY id DESC LIMIT 1
               ), false)
       )
 ORDER BY schedule.next_at, schedule.name

-- A slot never fires again once its run is gone: its schedule has seen beyond it. Failed runs stay: somebody may yet
-- reprocess them.
DELETE FROM ops_schedules_run AS run
 USING ops_schedules_schedule AS schedule,
       LATERAL (
           SELECT id FROM ops_schedules_run WHERE schedule_id = schedule.name
            ORDER BY id DESC OFFSET %(kept)s LIMIT 1
       ) AS last
 WHERE run.schedule_id = schedule.name AND run.id <= last.id
   AND run.status IN ('success', 'healed', 'skipped')
   AND run.finished_at < COALESCE(%(now)s::timestamptz, statement_timestamp()) - make_interval(days => %(days)s)

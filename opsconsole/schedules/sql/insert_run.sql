-- A slot that has its run already gets no second one, whatever the schedule's row says.
INSERT INTO ops_schedules_run (
    id, schedule_id, slot, at, "on", is_manual, asked_by, left_out, command_id, fired_at, status
)
VALUES (
    %(id)s, %(schedule)s, %(slot)s, %(at)s, %(on)s, %(is_manual)s, %(asked_by)s, %(left_out)s, %(command_id)s,
    COALESCE(%(now)s::timestamptz, statement_timestamp()), 'pending'
)
ON CONFLICT (schedule_id, slot) DO NOTHING
RETURNING id

-- The next active reminders that are overdue, and, of each whose command for this occasion has ended in vain, how: given up
-- after too many lost workers, or cancelled. A page at a time, for very many may be overdue and fare well. The process
-- about a reminder bears the correlation id of its commands.
SELECT reminder.id, reminder.scheduled_at, reminder.occasion, reminder.tenant,
       command.status, command.error_class, command.error
  FROM (
        SELECT id, scheduled_at, occasion, tenant
          FROM ops_reminders_reminder
         WHERE status = 'Active'
           AND scheduled_at < COALESCE(%(now)s::timestamptz, statement_timestamp()) - make_interval(secs => %(patience)s)
           AND (scheduled_at, id) > (%(time)s::timestamptz, %(id)s::uuid)
         ORDER BY scheduled_at, id
         LIMIT %(limit)s
       ) AS reminder
  LEFT JOIN LATERAL (
        SELECT last.status, last.error_class, last.error
          FROM (
                SELECT ended.status, ended.error_class, ended.error
                  FROM ops_streams_process AS process
                  JOIN ops_engine_command AS ended
                    ON ended.correlation_id = process.id AND ended.type = 'reminders.call_back'
                   AND (ended.payload ->> 'occasion')::integer = reminder.occasion
                 WHERE process.type = 'reminders.delivery' AND process.subject = reminder.id::text AND process.is_live
                 ORDER BY ended.id DESC
                 LIMIT 1
               ) AS last
         WHERE last.status IN ('error', 'cancelled')
       ) AS command ON true
 ORDER BY reminder.scheduled_at, reminder.id

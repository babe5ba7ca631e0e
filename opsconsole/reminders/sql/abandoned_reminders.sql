-- Active reminders, overdue, whose command for this occasion has ended in vain: given up after too many lost workers, or
-- cancelled. The process about a reminder bears the correlation id of its commands.
SELECT reminder.id, reminder.occasion, reminder.tenant, command.status, command.error_class, command.error
  FROM ops_reminders_reminder AS reminder
  JOIN ops_streams_process AS process
    ON process.type = 'reminders.delivery' AND process.subject = reminder.id::text AND process.is_live
  JOIN LATERAL (
           SELECT ended.status, ended.error_class, ended.error
             FROM ops_engine_command AS ended
            WHERE ended.correlation_id = process.id AND ended.type = 'reminders.call_back'
              AND (ended.payload ->> 'occasion')::integer = reminder.occasion
            ORDER BY ended.id DESC
            LIMIT 1
       ) AS command ON command.status IN ('error', 'cancelled')
 WHERE reminder.status = 'Active'
   AND reminder.scheduled_at < COALESCE(%(now)s::timestamptz, statement_timestamp()) - make_interval(secs => %(patience)s)
 ORDER BY reminder.scheduled_at, reminder.id
 LIMIT %(most)s

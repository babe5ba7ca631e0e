-- The checkpoint. A subscription at the end of the log is in nobody's hands: its tries begin at none.
UPDATE ops_streams_subscription
   SET position = %(position)s, applied = applied + %(applied)s, failures = 0, not_before = NULL,
       tries = CASE WHEN %(position)s >= %(head)s THEN 0 ELSE 1 END, careful_until = %(careful_until)s,
       rate = CASE WHEN rate = 0 THEN %(rate)s ELSE 0.8 * rate + 0.2 * %(rate)s END,
       failed_position = NULL, failed_event_id = NULL, failed_at = NULL, error_class = '', error = '', traceback = '',
       seen_at = statement_timestamp()
 WHERE name = %(name)s

-- Where it failed and why; it stops, or tries again after `delay` seconds.
UPDATE ops_streams_subscription
   SET status = CASE WHEN %(delay)s::float8 IS NULL THEN 'stopped' ELSE status END,
       not_before = COALESCE(%(now)s::timestamptz, statement_timestamp()) + make_interval(secs => %(delay)s),
       failures = failures + 1, tries = 0,
       failed_position = %(position)s, failed_event_id = %(event_id)s,
       failed_at = COALESCE(%(now)s::timestamptz, statement_timestamp()),
       error_class = %(error_class)s, error = %(error)s, traceback = %(traceback)s
 WHERE name = %(name)s

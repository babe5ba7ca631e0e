-- All events of a chunk at once, each with its own duration and error. Locks and bounds: see give_positions.
UPDATE ops_engine_event AS event
   SET status = CASE WHEN result.error_class = '' THEN 'success' ELSE 'error' END,
       claim_id = NULL, attempts = event.attempts + 1, error_class = result.error_class, error = result.error,
       duration = make_interval(secs => result.seconds),
       finished_at = COALESCE(%(now)s::timestamptz, clock_timestamp())
  FROM unnest(%(ids)s::uuid[], %(seconds)s::float8[], %(error_classes)s::text[], %(errors)s::text[])
       AS result (id, seconds, error_class, error)
 WHERE event.id = result.id AND event.id BETWEEN %(first_id)s AND %(last_id)s
   AND event.claim_id = %(claim_id)s AND event.status = 'processing'

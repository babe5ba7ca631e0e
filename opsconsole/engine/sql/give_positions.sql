-- The rows are locked: see lock_events. The bounds are literals: they prune partitions when the statement is planned.
UPDATE ops_engine_event AS event
   SET position = %(last)s + waiting.place
  FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS waiting (id, place)
 WHERE event.id = waiting.id AND event.id BETWEEN %(first_id)s AND %(last_id)s

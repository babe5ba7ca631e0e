-- The rows are locked: see lock_events. The bounds are literals: they prune partitions when the statement is planned.
WITH given AS (
    UPDATE ops_engine_event AS event
       SET position = %(last)s + waiting.place
      FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS waiting (id, place)
     WHERE event.id = waiting.id AND event.id BETWEEN %(first_id)s AND %(last_id)s
    RETURNING event.type
)
SELECT count(*), COALESCE(array_agg(DISTINCT type), '{}') FROM given

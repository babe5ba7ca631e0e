-- The rows are locked: see lock_events. The bounds are literals: they prune partitions when the statement is planned.
-- What nobody reacts to is done with the same update, unless a worker has it already.
WITH given AS (
    UPDATE ops_engine_event AS event
       SET position = %(last)s + waiting.place,
           status = CASE WHEN waiting.is_unheard AND status = 'pending' THEN 'success' ELSE status END,
           finished_at = CASE WHEN waiting.is_unheard AND status = 'pending'
                              THEN COALESCE(%(now)s::timestamptz, statement_timestamp()) ELSE finished_at END
      FROM unnest(%(ids)s::uuid[], %(unheard)s::boolean[]) WITH ORDINALITY AS waiting (id, is_unheard, place)
     WHERE event.id = waiting.id AND event.id BETWEEN %(first_id)s AND %(last_id)s
    RETURNING event.type
)
SELECT count(*), COALESCE(array_agg(DISTINCT type), '{}') FROM given

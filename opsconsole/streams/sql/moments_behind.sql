-- When the event that comes next occurred: one probe of the index a position.
SELECT seen.position, event.created_at
  FROM unnest(%(positions)s::bigint[]) AS seen (position)
  JOIN ops_engine_event AS event ON event.position = seen.position + 1

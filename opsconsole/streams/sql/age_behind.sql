-- How long the event that comes next has waited: one probe of the index a position.
SELECT seen.position, GREATEST(statement_timestamp() - event.created_at, interval '0')
  FROM unnest(%(positions)s::bigint[]) AS seen (position)
  JOIN ops_engine_event AS event ON event.position = seen.position + 1

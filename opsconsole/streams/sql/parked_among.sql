-- One probe a key: a stream may have a hundred thousand parked events.
SELECT wanted.key
  FROM unnest(%(keys)s::text[]) AS wanted (key)
 WHERE EXISTS (SELECT FROM ops_streams_parkedevent WHERE subscription = %(name)s AND stream = wanted.key)

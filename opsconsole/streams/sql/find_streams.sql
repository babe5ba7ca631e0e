-- LIKE and ~>~ compare bytes, whatever the collation: the index that Django makes for LIKE gives the range and the order.
SELECT stream.id, stream.version, event.id, event.type, event.created_at
  FROM (
        SELECT id, version FROM ops_engine_stream
         WHERE id LIKE %(pattern)s AND id ~>~ %(after)s
         ORDER BY id USING ~<~ LIMIT %(most)s
       ) AS stream
  LEFT JOIN LATERAL (
       SELECT id, type, created_at FROM ops_engine_event AS last
        WHERE last.stream = stream.id AND last.version = stream.version LIMIT 1
       ) AS event ON true
 ORDER BY stream.id USING ~<~

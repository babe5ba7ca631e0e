-- The parked streams of a subscription by name, hopping through the index from one to the next: a stream may have a
-- hundred thousand parked events. Of each, its first event, and how many there are up to a bound.
WITH RECURSIVE hop AS (
    (SELECT stream, id, 1 AS number FROM ops_streams_parkedevent
      WHERE subscription = %(name)s AND stream > %(after)s
      ORDER BY subscription, stream, position LIMIT 1)
    UNION ALL
    SELECT following.stream, following.id, hop.number + 1
      FROM hop CROSS JOIN LATERAL (
           SELECT stream, id FROM ops_streams_parkedevent
            WHERE subscription = %(name)s AND stream > hop.stream
            ORDER BY subscription, stream, position LIMIT 1
           ) AS following
     WHERE hop.number < %(most)s
)
SELECT hop.stream, hop.id,
       (SELECT count(*)
          FROM (SELECT FROM ops_streams_parkedevent AS parked
                 WHERE parked.subscription = %(name)s AND parked.stream = hop.stream LIMIT %(counted)s) AS bounded)
  FROM hop ORDER BY hop.stream

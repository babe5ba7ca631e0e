-- The streams of the newest events: so many events are looked at, whatever share of them has a stream.
SELECT stream, version, id, type, created_at
  FROM (
        SELECT DISTINCT ON (stream) stream, version, id, type, created_at
          FROM (SELECT stream, version, id, type, created_at FROM ops_engine_event
                 ORDER BY id DESC LIMIT %(looked_at)s) AS newest
         WHERE stream IS NOT NULL
         ORDER BY stream, version DESC
       ) AS latest
 ORDER BY id DESC LIMIT %(most)s

-- Of each document, the process that was begun last, however many there were before it.
SELECT latest.*
  FROM unnest(%(subjects)s::text[]) AS wanted (subject)
 CROSS JOIN LATERAL (
       SELECT * FROM ops_streams_process AS process
        WHERE process.subject = wanted.subject AND process.type = %(type)s
        ORDER BY process.id DESC LIMIT 1
       ) AS latest

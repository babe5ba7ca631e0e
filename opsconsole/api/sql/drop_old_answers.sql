-- A block at a time, so that no request waits long for a row.
DELETE FROM ops_api_answer
 WHERE id = ANY(ARRAY(
           SELECT id FROM ops_api_answer
            WHERE created_at < COALESCE(%(now)s::timestamptz, statement_timestamp()) - make_interval(secs => %(kept)s)
            ORDER BY created_at LIMIT %(limit)s
       ))

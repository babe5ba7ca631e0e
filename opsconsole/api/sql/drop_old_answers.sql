-- A block at a time, so that no request waits long for a row. The age is asked for twice: whoever waits for a row here
-- looks at its new version by the outer condition alone, and a request may just have taken the place for its own answer.
DELETE FROM ops_api_answer
 WHERE id = ANY(ARRAY(
           SELECT id FROM ops_api_answer
            WHERE created_at < COALESCE(%(now)s::timestamptz, statement_timestamp()) - make_interval(secs => %(kept)s)
            ORDER BY created_at LIMIT %(limit)s
       ))
   AND created_at < COALESCE(%(now)s::timestamptz, statement_timestamp()) - make_interval(secs => %(kept)s)

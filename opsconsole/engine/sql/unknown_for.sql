-- For how many seconds a command has been looked at in vain by code that does not know it: since the first of its latest
-- tries of that kind.
SELECT extract(epoch FROM COALESCE(%(now)s::timestamptz, statement_timestamp()) - min(tried.ended_at))::float8
  FROM ops_engine_attempt AS tried
 WHERE tried.subject_id = %(id)s
   AND tried.id > ALL (
           SELECT other.id
             FROM ops_engine_attempt AS other
            WHERE other.subject_id = %(id)s
              AND other.error_class NOT IN ('NoHandler', 'NewerVersion')
            ORDER BY other.id DESC
            LIMIT 1
       )

-- Before many events are changed: in the order of their ids, so that those who do the same wait for each other, never
-- crosswise; and in a statement of its own, so that the change need not look at any row again (see decision 13).
SELECT count(*)
  FROM (
        SELECT FROM ops_engine_event
         WHERE id = ANY(%(ids)s::uuid[]) AND id BETWEEN %(first_id)s AND %(last_id)s
         ORDER BY id
           FOR NO KEY UPDATE
       ) AS locked

-- In the order of their ids, so that those who lock several wait for each other, never crosswise.
SELECT id, state::text, version, tenant
  FROM ops_streams_process
 WHERE type = %(type)s
   AND (id = ANY(%(ids)s::uuid[]) OR (is_live AND subject = ANY(%(subjects)s::text[])))
 ORDER BY id
   FOR NO KEY UPDATE

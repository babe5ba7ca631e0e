-- The instance whose time has been up for longest. One that somebody is moving right now is passed over: its row is
-- locked, and its deadline may be another one in a moment.
UPDATE ops_streams_process SET deadline_at = NULL
 WHERE id = (
        SELECT id FROM ops_streams_process
         WHERE deadline_at <= COALESCE(%(now)s::timestamptz, statement_timestamp()) AND type = ANY(%(known)s::text[])
         ORDER BY deadline_at
         LIMIT 1
           FOR NO KEY UPDATE SKIP LOCKED
       )
RETURNING id, type

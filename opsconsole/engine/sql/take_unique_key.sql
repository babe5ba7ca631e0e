-- One holder a key. A key whose window has passed is taken over; a held one changes nothing and returns no row.
-- That it is held is looked up before: a conflict locks the row whether or not it is updated, and the holder could not
-- end until the sender's transaction has.
WITH wanted AS (
    SELECT %(key)s AS key, COALESCE(%(now)s::timestamptz, statement_timestamp()) AS now
)
INSERT INTO ops_engine_uniquekey AS held (key, command_id, until)
SELECT key, %(command_id)s::uuid, now + make_interval(secs => %(window)s)
  FROM wanted
 WHERE NOT EXISTS (
           SELECT FROM ops_engine_uniquekey AS taken
            WHERE taken.key = wanted.key AND (taken.until IS NULL OR taken.until > wanted.now)
       )
    ON CONFLICT (key) DO UPDATE SET command_id = excluded.command_id, until = excluded.until
       WHERE held.until <= (SELECT now FROM wanted)
RETURNING command_id

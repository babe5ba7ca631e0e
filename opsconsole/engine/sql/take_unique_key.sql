-- One holder a key. A key whose window has passed is taken over; a held one changes nothing and returns no row.
INSERT INTO ops_engine_uniquekey AS held (key, command_id, until)
VALUES (
    %(key)s, %(command_id)s,
    COALESCE(%(now)s::timestamptz, statement_timestamp()) + make_interval(secs => %(window)s)
)
    ON CONFLICT (key) DO UPDATE SET command_id = excluded.command_id, until = excluded.until
       WHERE held.until <= COALESCE(%(now)s::timestamptz, statement_timestamp())
RETURNING command_id

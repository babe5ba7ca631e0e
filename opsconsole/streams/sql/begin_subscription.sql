-- A subscription seen for the first time begins before the first event, or behind the last one.
INSERT INTO ops_streams_subscription (name, kind, position, not_before)
SELECT %(name)s, %(kind)s, CASE WHEN %(from_the_end)s THEN position ELSE 0 END,
       CASE WHEN %(delay)s > 0
            THEN COALESCE(%(now)s::timestamptz, statement_timestamp()) + make_interval(secs => %(delay)s) END
  FROM ops_engine_sequencer WHERE id = 1
    ON CONFLICT (name) DO NOTHING

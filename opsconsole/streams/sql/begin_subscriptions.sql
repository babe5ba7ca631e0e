-- A subscription seen for the first time begins before the first event, or behind the last one.
INSERT INTO ops_streams_subscription (name, kind, contract, position, not_before)
SELECT new.name, new.kind, new.contract,
       CASE WHEN new.from_the_end
            THEN COALESCE((SELECT position FROM ops_engine_sequencer WHERE id = 1), 0) ELSE 0 END,
       CASE WHEN new.delay > 0
            THEN COALESCE(%(now)s::timestamptz, statement_timestamp()) + make_interval(secs => new.delay) END
  FROM unnest(
           %(name)s::text[], %(kind)s::text[], %(contract)s::text[], %(from_the_end)s::boolean[], %(delay)s::float8[]
       ) AS new (name, kind, contract, from_the_end, delay)
    ON CONFLICT (name) DO NOTHING

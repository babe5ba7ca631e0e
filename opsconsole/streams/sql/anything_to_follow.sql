-- Whether a worker would find something: both halves touch a handful of rows.
WITH known (name, contract) AS (SELECT * FROM unnest(%(known)s::text[], %(contracts)s::text[])),
     moment (now) AS (SELECT COALESCE(%(now)s::timestamptz, statement_timestamp()))
SELECT EXISTS (
        SELECT FROM known
          JOIN ops_streams_subscription AS subscription
            ON known.name = COALESCE(shadow_of, subscription.name) AND subscription.contract IN ('', known.contract)
         WHERE status = 'running' AND (not_before IS NULL OR not_before <= (SELECT now FROM moment))
           AND (position < (SELECT position FROM ops_engine_sequencer WHERE id = 1) OR shadow_of IS NOT NULL)
       ) OR EXISTS (
        SELECT FROM known
          JOIN ops_streams_process AS process ON process.type = known.name
         WHERE process.deadline_at <= (SELECT now FROM moment)
       )

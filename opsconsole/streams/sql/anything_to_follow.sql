-- Whether a worker would find something: both halves touch a handful of rows.
SELECT EXISTS (
        SELECT FROM ops_streams_subscription
         WHERE status = 'running' AND COALESCE(shadow_of, name) = ANY(%(known)s::text[])
           AND (not_before IS NULL OR not_before <= COALESCE(%(now)s::timestamptz, statement_timestamp()))
           AND (position < (SELECT position FROM ops_engine_sequencer WHERE id = 1) OR shadow_of IS NOT NULL)
       ) OR EXISTS (
        SELECT FROM ops_streams_process
         WHERE deadline_at <= COALESCE(%(now)s::timestamptz, statement_timestamp())
           AND type = ANY(%(known)s::text[])
       )

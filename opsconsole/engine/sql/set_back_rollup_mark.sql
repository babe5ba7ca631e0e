-- The clock was ahead for a while. Up to now at most two minutes were not counted, and none is counted twice.
UPDATE ops_engine_rollupmark SET until = date_trunc('minute', now()) WHERE kind = %(kind)s

UPDATE ops_engine_rollupmark SET until = %(until)s WHERE kind = %(kind)s

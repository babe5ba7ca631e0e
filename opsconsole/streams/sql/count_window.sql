-- Positions are dense: a window that holds fewer events than it is long has a gap.
SELECT count(*), min(position) FROM ops_engine_event WHERE position > %(after)s AND position <= %(upto)s

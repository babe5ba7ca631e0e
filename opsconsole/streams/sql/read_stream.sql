-- A page of a stream, forward: a function (migration 0003), for it is planned once a session then. The last columns are
-- the order of the log, and how many events the page would have had without the limit in bytes.
SELECT * FROM ops_streams_read(%(stream)s, %(after)s, %(until)s, %(page)s, %(bytes)s)

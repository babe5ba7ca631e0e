-- An append at an exact version above 0: the stream must exist there. Waits for a concurrent writer, then looks again.
UPDATE ops_engine_stream SET version = version + %(count)s
 WHERE id = %(stream)s AND version = %(expected)s
RETURNING version

-- The primary key, read backward.
SELECT version, state::text
  FROM ops_streams_snapshot
 WHERE aggregate = %(aggregate)s AND stream = %(stream)s AND schema_version = %(schema_version)s
   AND version <= %(until)s
 ORDER BY version DESC LIMIT 1

-- A page of a stream, forward: at most `most_events`, and of those as many from the start as fit into `most_bytes`, one
-- at least. Their size is that of storage, for which nothing needs to be unpacked. The last columns are the order of
-- the log, and how many events the page would have had without the limit in bytes: fewer than `most_events` means the end.
--
-- A function, so that it is planned once a session: on a table with twelve partitions, planning it takes five times as
-- long as finding the events of a short stream. A plan that is made once must not guess that a stream is short and sort
-- what is left of a long one for each page: the index of each partition has the order already, and they are merged.
CREATE FUNCTION ops_streams_read(
    the_stream text, after_version integer, until_version integer, most_events integer, most_bytes bigint
) RETURNS TABLE (
    id uuid, "position" bigint, stream varchar, version integer, type varchar, schema_version smallint, data text,
    tenant varchar, correlation_id uuid, cause_kind varchar, cause_id uuid, metadata text, created_at timestamptz,
    seq bigint, candidates bigint
) LANGUAGE plpgsql STABLE
  SET plan_cache_mode = force_generic_plan SET enable_sort = off SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT id, position, stream, version, type, schema_version, data::text, tenant, correlation_id, cause_kind,
           cause_id, metadata::text, created_at, seq, candidates
      FROM (
            SELECT events.*, count(*) OVER () AS candidates,
                   sum(pg_column_size(data)) OVER (ORDER BY version) - pg_column_size(data) AS bytes_before
              FROM (
                    SELECT * FROM ops_engine_event
                     WHERE stream = the_stream AND version > after_version AND version <= until_version
                     ORDER BY version LIMIT most_events
                   ) AS events
           ) AS sized
     WHERE bytes_before < most_bytes
     ORDER BY version;
END $$;

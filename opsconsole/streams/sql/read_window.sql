-- A window of positions: how many events it holds in all, and those of these types, as many from the start as fit into
-- `bytes`, one at least. The window is materialised: the planner would rather read every event of a type. Sizes are
-- those of storage, for which nothing needs to be unpacked. Without an event of these types there is one row of nulls.
WITH page AS MATERIALIZED (
    SELECT id, position, stream, version, type, schema_version, data, tenant, correlation_id, cause_kind, cause_id,
           metadata, created_at
      FROM ops_engine_event
     WHERE position > %(after)s AND position <= %(upto)s
)
SELECT sized.id, sized.position, stream, version, type, schema_version, data::text, tenant, correlation_id, cause_kind,
       cause_id, metadata::text, created_at, matching, counted.held
  FROM (SELECT count(*) AS held FROM page) AS counted
  LEFT JOIN (
        SELECT page.*, count(*) OVER () AS matching,
               sum(pg_column_size(data)) OVER (ORDER BY position) - pg_column_size(data) AS bytes_before
          FROM page
         WHERE type = ANY(%(types)s::text[])
       ) AS sized ON bytes_before < %(bytes)s
 ORDER BY sized.position

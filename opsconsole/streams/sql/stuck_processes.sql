-- Of each type, the live instances that have been longest where they are, since before its own moment. Those whose
-- deadline has passed are overdue instead.
SELECT patience.type, waiting.id, waiting.moved_at
  FROM unnest(%(types)s::text[], %(moments)s::timestamptz[]) AS patience (type, moment)
 CROSS JOIN LATERAL (
       SELECT process.id, process.moved_at FROM ops_streams_process AS process
        WHERE process.is_live AND process.type = patience.type AND process.moved_at < patience.moment
          AND (process.deadline_at IS NULL OR process.deadline_at >= %(overdue)s)
        ORDER BY process.moved_at LIMIT %(most)s
       ) AS waiting

-- The unmet members of a batch too large to read its rows. Open ones are counted in the partial index on
-- (batch_id, status) alone, up to a bound; the few live reprocessings among them, no members of their own, are
-- found by the keys they hold and taken off.
WITH open AS (
    SELECT status, count(*) AS count
      FROM (
            SELECT status FROM ops_engine_command
             WHERE batch_id = %(batch)s AND status <> 'success'
               AND status IN ('awaiting', 'pending', 'processing', 'cancelled')
             LIMIT %(bound)s
           ) AS unmet
     GROUP BY 1
), again AS (
    SELECT command.status, count(*) AS count
      FROM ops_engine_uniquekey AS held JOIN ops_engine_command AS command ON command.id = held.command_id
     WHERE held.key LIKE 'reprocess:%%' AND command.batch_id = %(batch)s
     GROUP BY 1
), failed AS (
    SELECT CASE WHEN healed_by IS NULL THEN 'error' ELSE 'healed' END AS status, count(*) AS count
      FROM (
            SELECT healed_by FROM ops_engine_command
             WHERE batch_id = %(batch)s AND status <> 'success' AND status = 'error' AND cause_kind <> 'reprocess'
             LIMIT %(bound)s
           ) AS unmet
     GROUP BY 1
)
SELECT status, open.count - COALESCE(again.count, 0) FROM open LEFT JOIN again USING (status)
 UNION ALL
SELECT status, count FROM failed

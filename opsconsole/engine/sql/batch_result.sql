-- What is left that was not a success. Reprocessings count through the command that they heal, never by themselves.
SELECT COALESCE(bool_or(status IN ('awaiting', 'pending', 'processing')), false),
       count(*) FILTER (WHERE status = 'error' AND cause_kind <> 'reprocess' AND healed_by IS NULL),
       count(*) FILTER (WHERE status = 'cancelled' AND cause_kind <> 'reprocess' AND healed_by IS NULL)
  FROM ops_engine_command
 WHERE batch_id = %(batch_id)s AND status <> 'success'

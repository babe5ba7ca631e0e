-- A probe of the partial index of members that are not yet a success: cheap however large the batch is.
SELECT EXISTS (
    SELECT FROM ops_engine_command
     WHERE batch_id = %(batch_id)s AND status <> 'success' AND status IN ('awaiting', 'pending', 'processing')
)

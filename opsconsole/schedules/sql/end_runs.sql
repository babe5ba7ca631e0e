-- The outcomes of runs under way, from their commands. SKIP LOCKED: two dispatchers never wait for each other.
WITH known AS (
    SELECT run.id, COALESCE(first.started_at, last.started_at) AS started_at, last.status, last.finished_at
      FROM ops_schedules_run AS run
      JOIN ops_engine_command AS first ON first.id = run.command_id
      JOIN ops_engine_command AS last ON last.id = COALESCE(run.returned_id, run.command_id)
     WHERE run.status = 'pending'
       AND (last.status IN ('success', 'error', 'cancelled') OR (run.started_at IS NULL AND first.started_at IS NOT NULL))
       FOR UPDATE OF run SKIP LOCKED
)
UPDATE ops_schedules_run AS run
   SET started_at = COALESCE(run.started_at, known.started_at),
       status = CASE WHEN known.status IN ('success', 'error', 'cancelled') THEN known.status ELSE run.status END,
       finished_at = CASE WHEN known.status IN ('success', 'error', 'cancelled') THEN known.finished_at END
  FROM known
 WHERE run.id = known.id AND run.status = 'pending'
RETURNING run.status

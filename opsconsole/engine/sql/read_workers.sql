-- A row for each living worker and claim it holds, with the types of the claim's unfinished commands in their order.
SELECT runner.name, runner.host, runner.pid, runner.started_at, runner.seen_at,
       COALESCE(NULLIF(claim.queue, ''), CASE claim.kind WHEN 'event' THEN 'events' END, runner.busy_with),
       claim.size, held.types, claim.progress
  FROM (
        SELECT * FROM ops_engine_runner
         WHERE kind = 'worker' AND seen_at > statement_timestamp() - make_interval(secs => %(seen)s)
         ORDER BY host, pid LIMIT 200
       ) AS runner
  LEFT JOIN ops_engine_claim AS claim ON claim.worker = runner.name
  LEFT JOIN LATERAL (
        SELECT array_agg(type ORDER BY place) AS types FROM ops_engine_command WHERE claim_id = claim.id
       ) AS held ON true
 ORDER BY runner.host, runner.pid, claim.created_at

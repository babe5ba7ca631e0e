-- The latest runs of several schedules, a few each, and always the latest planned one: one descent of the index a
-- schedule, however many runs there are.
SELECT run.*
  FROM unnest(%(names)s::text[]) AS wanted (name),
       LATERAL (
           (SELECT * FROM ops_schedules_run WHERE schedule_id = wanted.name ORDER BY id DESC LIMIT %(count)s)
           UNION
           (SELECT * FROM ops_schedules_run WHERE schedule_id = wanted.name AND NOT is_manual ORDER BY id DESC LIMIT 1)
           ORDER BY id DESC
       ) AS run

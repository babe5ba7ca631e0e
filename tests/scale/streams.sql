-- What is built on the log of history.sql: every event in a stream, processes with their steps, subscriptions.
INSERT INTO ops_engine_stream (id, version)
SELECT stream, max(version) FROM ops_engine_event GROUP BY stream;

CREATE TEMP TABLE new_process AS
SELECT *, pg_temp.uuid7_at(at, 'process' || n) AS id,
       CASE WHEN at > now() - interval '30 seconds' THEN 'voiding_requested'
            WHEN luck < 0.02 THEN 'marking_failed' WHEN luck < 0.05 THEN 'failure_acknowledged'
            ELSE 'document_voided' END AS status
  FROM (SELECT i / 3 AS n, id AS event_id, at + interval '30 milliseconds' AS at, tenant,
               pg_temp.chance(i::text, 11) AS luck,
               CASE WHEN i %% 30 = 0 THEN 'legacy.renewal' ELSE 'billing.document_voiding' END AS type
          FROM new_event WHERE i %% 3 = 0) AS begun;

ALTER TABLE ops_streams_process DISABLE TRIGGER ops_streams_process_move;
INSERT INTO ops_streams_process (id, type, subject, status, is_live, state, version, tenant, deadline_at, moved_at, created_at)
SELECT id, type, 'document-' || n, status, status IN ('voiding_requested', 'marking_failed'),
       jsonb_build_object('status', status, 'document_id', n, 'reason', ''), 3, tenant,
       CASE WHEN status = 'marking_failed' AND luck < 0.001 THEN at + interval '1 hour' END,
       at + interval '300 milliseconds', at
  FROM new_process ORDER BY id;
ALTER TABLE ops_streams_process ENABLE TRIGGER ops_streams_process_move;

INSERT INTO ops_streams_processstep (process_id, number, source, target, state, cause_kind, cause_id, cause_name, taken_at)
SELECT id, number, CASE number WHEN 1 THEN '' ELSE 'voiding_requested' END,
       CASE number WHEN 3 THEN status ELSE 'voiding_requested' END,
       jsonb_build_object('status', status, 'document_id', n, 'reason', number), 'event', event_id,
       'billing.document_voiding_requested', at + number * interval '100 milliseconds'
  FROM new_process, generate_series(1, 3) AS number ORDER BY at, number;

INSERT INTO ops_streams_subscription (name, kind, status, position, parked, rate, failed_position, error_class)
SELECT name, 'projection', status, greatest(%(events)s - behind, 0), 0, 900, failed, CASE WHEN failed > 0 THEN 'LookupError' ELSE '' END
  FROM (VALUES ('scale.current', 'running', 0, NULL), ('scale.behind', 'running', 5000, NULL),
               ('scale.stopped', 'stopped', 900, 1)) AS one (name, status, behind, failed);

INSERT INTO ops_streams_parkedevent (subscription, stream, position, event_id, error_class, error)
SELECT 'scale.current', 'academics.person-' || i %% 200, i, id, 'LookupError', 'no such person'
  FROM new_event WHERE i %% 3 = 1;
UPDATE ops_streams_subscription SET parked = %(events)s / 3 WHERE name = 'scale.current';

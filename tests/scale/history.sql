-- A history of believable proportions: events over %(days)s days, denser towards now, with the commands, batches,
-- workflows, attempts and reprocessings that they set off. Deterministic but for the moment it is made.

CREATE FUNCTION pg_temp.uuid7_at(at timestamptz, noise text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(micro / 1000), 12, '0') || '7' || lpad(to_hex((micro %% 1000) * 4096 / 1000), 3, '0')
            || to_hex(8 + (hashtext(noise) & 3)) || substr(md5(noise), 1, 15))::uuid
      FROM (SELECT (extract(epoch FROM at) * 1000000)::bigint AS micro) AS moment
$$;

CREATE FUNCTION pg_temp.chance(key text, salt bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT (hashtextextended(key, salt) & 2147483647) / 2147483648.0
$$;

-- How long ago the x-th part of the history was: most of it lately.
CREATE FUNCTION pg_temp.moment(x float8) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT now() - power(1 - x, 1.5) * make_interval(days => %(days)s) - interval '1 second'
$$;

CREATE TEMP TABLE type_of_event (low float8, high float8, name text, commands text[], model text);
INSERT INTO type_of_event VALUES
    (0.000, 0.300, 'academics.student_created', '{academics.send_welcome_email}', 'academics.student'),
    (0.300, 0.620, 'academics.class_note_added', '{academics.create_note_notification,academics.call_webhook,academics.call_webhook}', 'academics.classnote'),
    (0.620, 0.720, 'academics.password_reset_requested', '{academics.send_reset_token_email}', 'academics.resettoken'),
    (0.720, 0.970, 'academics.class_activity_created', '{academics.create_activity_notifications,academics.call_webhook}', 'academics.activity'),
    (0.970, 0.990, 'academics.teacher_created', '{academics.send_welcome_email}', 'academics.teacher'),
    (0.990, 0.999, 'academics.institution_created', '{academics.seed_basic_data}', 'academics.institution'),
    (0.999, 1.000, 'legacy.term_closed', '{legacy.print_certificates}', '');

CREATE TEMP TABLE new_event AS
SELECT i, at, pg_temp.uuid7_at(at, 'event' || i) AS id, kind.name AS type, kind.commands, kind.model,
       (1 + floor(power(pg_temp.chance(i::text, 2), 2) * %(tenants)s))::text AS tenant,
       CASE WHEN at > now() - interval '8 seconds' THEN 'pending'
            WHEN pg_temp.chance(i::text, 3) < 0.004 THEN 'error' ELSE 'success' END AS status
  FROM (SELECT i, pg_temp.moment((i - 0.5) / %(events)s) AS at FROM generate_series(1, %(events)s) AS i) AS numbered
  JOIN type_of_event AS kind ON pg_temp.chance(i::text, 1) >= kind.low AND pg_temp.chance(i::text, 1) < kind.high;

INSERT INTO ops_engine_event (
    id, tenant, correlation_id, cause_kind, metadata, created_at, seq, position, stream, version, type, data,
    source_model, source_id, status, attempts, started_at, finished_at, duration, error_class, error)
SELECT id, tenant, id, 'user', '{"actor": "ana"}', at, i, i, 'academics.person-' || (i - 1) %% %(streams)s,
       1 + (i - 1) / %(streams)s, type, jsonb_build_object('id', i), model, i::text,
       status, CASE WHEN status = 'pending' THEN 0 ELSE 1 END,
       CASE WHEN status <> 'pending' THEN at + interval '15 milliseconds' END,
       CASE WHEN status <> 'pending' THEN at + interval '19 milliseconds' END,
       CASE WHEN status <> 'pending' THEN interval '4 milliseconds' END,
       CASE WHEN status = 'error' THEN 'LookupError' ELSE '' END,
       CASE WHEN status = 'error' THEN 'class ' || i || ' has no students' ELSE '' END
  FROM new_event ORDER BY id;

SELECT setval('ops_engine_event_seq', %(events)s);
UPDATE ops_engine_sequencer SET position = %(events)s;

-- Every fortieth activity mails a class: one batch of `batch_size`, caused by the event. The newest batch is large.
CREATE TEMP TABLE new_batch AS
SELECT pg_temp.uuid7_at(at + interval '20 milliseconds', 'batch' || i) AS id, id AS event_id, tenant,
       at + interval '20 milliseconds' AS at, %(batch_size)s AS size, 'academics.activity_emails' AS name
  FROM (SELECT *, row_number() OVER (ORDER BY i) AS no FROM new_event
         WHERE type = 'academics.class_activity_created' AND status = 'success') AS activity
 WHERE no %% 40 = 0
 UNION ALL
SELECT pg_temp.uuid7_at(now() - interval '6 minutes', 'large batch'), id, tenant, now() - interval '6 minutes',
       %(large_batch)s, 'academics.term_letters'
  FROM (SELECT * FROM new_event WHERE at < now() - interval '6 minutes' ORDER BY at DESC LIMIT 1) AS before;

CREATE TEMP TABLE new_command AS
-- what events enqueued
SELECT pg_temp.uuid7_at(event.at + n * interval '5 milliseconds' + interval '20 milliseconds', 'command' || i || '-' || n) AS id,
       event.tenant, event.id AS correlation_id, 'event' AS cause_kind, event.id AS cause_id,
       event.at + n * interval '5 milliseconds' + interval '20 milliseconds' AS created_at,
       event.commands[n] AS type, NULL::uuid AS batch_id, NULL::uuid AS step_id, i || '-' || n AS key
  FROM new_event AS event, generate_series(1, cardinality(event.commands)) AS n
 WHERE event.status = 'success'
 UNION ALL -- members of batches
SELECT pg_temp.uuid7_at(batch.at + n * interval '20 microseconds', 'member' || batch.id || n),
       batch.tenant, batch.event_id, 'event', batch.event_id, batch.at, 'academics.send_activity_email', batch.id, NULL,
       batch.id || '-' || n
  FROM new_batch AS batch, generate_series(1, batch.size) AS n;

-- what commands sent: the seeding chain, and a call for some notifications
INSERT INTO new_command
SELECT pg_temp.uuid7_at(parent.created_at + interval '1 second', 'sub' || parent.key), parent.tenant,
       parent.correlation_id, 'command', parent.id, parent.created_at + interval '1 second',
       CASE parent.type WHEN 'academics.seed_basic_data' THEN 'academics.seed_users' ELSE 'academics.call_webhook' END,
       NULL, NULL, 'sub' || parent.key
  FROM new_command AS parent
 WHERE batch_id IS NULL AND pg_temp.chance(key, 4) < 0.12;

-- workflows of three steps, one after the other
CREATE TEMP TABLE new_workflow AS
SELECT pg_temp.uuid7_at(at, 'workflow' || n) AS id, at, n, (1 + n %% %(tenants)s)::text AS tenant
  FROM (SELECT n, pg_temp.moment(n::float8 / (%(workflows)s + 1)) AS at FROM generate_series(1, %(workflows)s) AS n) AS spread;

INSERT INTO new_command
SELECT pg_temp.uuid7_at(flow.at + step * interval '1 millisecond', 'step' || n || '-' || step), flow.tenant, flow.id,
       'workflow', flow.id, flow.at + step * interval '1 millisecond',
       (ARRAY['academics.seed_basic_data', 'academics.seed_users', 'academics.seed_classes'])[step], NULL,
       pg_temp.uuid7_at(flow.at, 'a step' || n || '-' || step), 'step' || n || '-' || step
  FROM new_workflow AS flow, generate_series(1, 3) AS step;

CREATE TEMP TABLE fate AS
SELECT command.*,
       CASE WHEN batch.size = %(large_batch)s AND luck > 0.55 THEN 'pending'
            WHEN created_at > now() - interval '20 seconds' THEN 'pending'
            WHEN created_at > now() - interval '5 minutes' AND luck < 0.06 THEN 'pending'
            WHEN batch.size <> %(large_batch)s AND hashtext(batch.id::text) %% 10 < 7 THEN 'success' -- most batches are fine
            WHEN luck < 0.030 THEN 'error'
            WHEN luck < 0.037 THEN 'cancelled' ELSE 'success' END AS status,
       0.004 + power(pg_temp.chance(key, 6), 6) * CASE WHEN mail THEN 20 ELSE 2 END AS seconds,
       0.005 + power(pg_temp.chance(key, 7), 4) * 3 AS waited
  FROM (SELECT *, pg_temp.chance(key, 5) AS luck, type LIKE '%%email' OR type LIKE '%%webhook' AS mail FROM new_command) AS command
  LEFT JOIN new_batch AS batch ON batch.id = command.batch_id;

INSERT INTO ops_engine_command (
    id, tenant, correlation_id, cause_kind, cause_id, metadata, created_at, type, payload, queue, priority, not_before,
    batch_id, step_id, status, attempts, max_attempts, started_at, finished_at, duration, error_class, error, log)
SELECT id, tenant, correlation_id, cause_kind, cause_id, '{"actor": "ana"}', created_at, type,
       CASE WHEN type LIKE '%%activity_email' THEN jsonb_build_object('activity_id', abs(hashtext(batch_id::text)) %% 90000, 'student_id', abs(hashtext(key)) %% 40000)
            WHEN type LIKE '%%welcome_email' THEN jsonb_build_object('role', 'student', 'person_id', abs(hashtext(key)) %% 40000)
            WHEN type LIKE '%%token_email' THEN jsonb_build_object('token_id', abs(hashtext(key)) %% 40000)
            WHEN type LIKE '%%webhook' THEN jsonb_build_object('call_id', id)
            WHEN type LIKE '%%note_notification' THEN jsonb_build_object('note_id', abs(hashtext(key)) %% 90000)
            WHEN type LIKE '%%activity_notifications' THEN jsonb_build_object('activity_id', abs(hashtext(key)) %% 90000)
            WHEN type LIKE 'legacy%%' THEN jsonb_build_object('term', '2019/2', 'paper', repeat('certificates on heavy paper ', 5))
            ELSE jsonb_build_object('institution_id', tenant::integer) END,
       CASE WHEN type LIKE '%%email' THEN 'mail' WHEN type LIKE '%%webhook' THEN 'webhooks' ELSE 'default' END, 0,
       CASE WHEN status = 'pending' AND luck < 0.06 THEN now() + luck * interval '3 hours' ELSE created_at END,
       batch_id, step_id, status,
       CASE status WHEN 'error' THEN CASE WHEN mail THEN 3 ELSE 1 END WHEN 'success' THEN CASE WHEN mail AND luck > 0.95 THEN 2 ELSE 1 END
                   WHEN 'pending' THEN CASE WHEN luck < 0.06 THEN 1 ELSE 0 END ELSE 0 END,
       CASE WHEN mail THEN 3 ELSE 1 END,
       CASE WHEN status IN ('success', 'error') THEN created_at + waited * interval '1 second' END,
       CASE WHEN status IN ('success', 'error') THEN created_at + (waited + seconds) * interval '1 second'
            WHEN status = 'cancelled' THEN created_at + interval '30 seconds' END,
       CASE WHEN status IN ('success', 'error') THEN seconds * interval '1 second' END,
       CASE WHEN status = 'error' THEN CASE WHEN mail THEN 'SMTPRecipientsRefused' ELSE 'LookupError' END ELSE '' END,
       CASE WHEN status = 'error' THEN 'the receiver refused: 450 4.2.1 mailbox busy' ELSE '' END,
       CASE WHEN luck > 0.99 AND status = 'success' THEN '[{"at": "2026-01-01T12:00:00+00:00", "text": "connected"}]'::jsonb END
  FROM fate ORDER BY id;

INSERT INTO ops_engine_attempt (
    id, subject_kind, subject_id, type, tenant, number, outcome, is_final, worker, started_at, ended_at, retry_at,
    error_class, message, traceback, fingerprint)
SELECT pg_temp.uuid7_at(created_at + number * interval '2 seconds', 'try' || key || number), 'command', fate.id, type, tenant,
       number, CASE WHEN number = tries THEN 'error' ELSE 'retry' END, number = tries, 'worker-' || abs(hashtext(key)) %% 4,
       created_at + number * interval '2 seconds', created_at + number * interval '2 seconds' + interval '80 milliseconds',
       CASE WHEN number < tries THEN created_at + (number + 1) * interval '2 seconds' END,
       CASE WHEN mail THEN 'SMTPRecipientsRefused' ELSE 'LookupError' END, 'the receiver refused: 450 4.2.1 mailbox busy',
       repeat('  File "handlers.py", line 40, in send' || chr(10), 12), CASE WHEN mail THEN 'mailbox' ELSE 'lookup' END
  FROM fate
 CROSS JOIN LATERAL (SELECT CASE status WHEN 'error' THEN CASE WHEN mail THEN 3 ELSE 1 END ELSE 2 END AS tries) AS policy
 CROSS JOIN LATERAL generate_series(1, CASE status WHEN 'error' THEN tries ELSE 1 END) AS number
 WHERE status = 'error' OR (status = 'success' AND mail AND luck > 0.95) OR (status = 'pending' AND luck < 0.06)
 ORDER BY 1;

-- four of ten older failures were made good by a reprocessing
CREATE TEMP TABLE healing AS
SELECT id AS root, pg_temp.uuid7_at(created_at + interval '1 hour', 'healing' || key) AS id
  FROM fate WHERE status = 'error' AND created_at < now() - interval '1 day' AND luck < 0.012;

INSERT INTO ops_engine_command (
    id, tenant, correlation_id, cause_kind, cause_id, metadata, created_at, type, payload, queue, not_before, batch_id, step_id,
    status, attempts, max_attempts, started_at, finished_at, duration)
SELECT healing.id, tenant, correlation_id, 'reprocess', root.id, '{"actor": "ana"}', root.created_at + interval '1 hour', type,
       payload, queue, root.created_at + interval '1 hour', batch_id, step_id, 'success', 1, max_attempts,
       root.created_at + interval '1 hour', root.created_at + interval '1 hour 1 second', interval '1 second'
  FROM healing JOIN ops_engine_command AS root ON root.id = healing.root;

UPDATE ops_engine_command AS root SET healed_by = healing.id FROM healing WHERE root.id = healing.root;

INSERT INTO ops_engine_batch (
    id, tenant, correlation_id, cause_kind, cause_id, created_at, name, size, status, started_at, settled_at,
    success_count, error_count, cancelled_count)
SELECT batch.id, tenant, event_id, 'event', event_id, at, name, size,
       CASE WHEN members.open > 0 THEN 'processing' WHEN members.failed > 0 THEN 'error' WHEN members.cancelled > 0 THEN 'cancelled'
            ELSE 'success' END,
       at + interval '5 milliseconds', CASE WHEN members.open = 0 THEN at + interval '30 seconds' END,
       CASE WHEN members.open = 0 THEN members.done ELSE 0 END, CASE WHEN members.open = 0 THEN members.failed ELSE 0 END,
       CASE WHEN members.open = 0 THEN members.cancelled ELSE 0 END
  FROM new_batch AS batch
  JOIN (SELECT batch_id, count(*) FILTER (WHERE status = 'pending') AS open,
               count(*) FILTER (WHERE status = 'error' AND healed_by IS NULL) AS failed,
               count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
               count(*) FILTER (WHERE status = 'success' OR healed_by IS NOT NULL) AS done
          FROM ops_engine_command WHERE batch_id IS NOT NULL AND cause_kind <> 'reprocess' GROUP BY 1) AS members
    ON members.batch_id = batch.id;

-- the teacher is told when the mails are out
INSERT INTO ops_engine_command (
    id, tenant, correlation_id, cause_kind, cause_id, created_at, type, payload, not_before, release_on, status)
SELECT pg_temp.uuid7_at(created_at + interval '3 seconds', 'next' || id), tenant, correlation_id, 'batch', id, created_at,
       'academics.notify_teacher', '{"activity_id": 1}', created_at, 'success', 'awaiting'
  FROM ops_engine_batch WHERE status IN ('processing', 'error') ;

INSERT INTO ops_engine_workflow (id, tenant, correlation_id, cause_kind, created_at, name, status, settled_at)
SELECT flow.id, flow.tenant, flow.id, 'user', flow.at, 'academics.onboarding',
       CASE WHEN bool_or(step.status = 'error') THEN 'error' WHEN bool_or(step.status = 'cancelled') THEN 'cancelled'
            WHEN bool_or(step.status = 'pending') THEN 'processing' ELSE 'success' END,
       CASE WHEN NOT bool_or(step.status = 'pending') THEN flow.at + interval '1 minute' END
  FROM new_workflow AS flow JOIN ops_engine_command AS step ON step.correlation_id = flow.id AND step.cause_kind = 'workflow'
 GROUP BY 1, 2, 3, 4, 5;

INSERT INTO ops_engine_step (id, workflow_id, name, number, after, target_kind, target_id, status, settled_at)
SELECT step_id, cause_id, (ARRAY['basic', 'users', 'classes'])[number], number,
       CASE number WHEN 1 THEN '[]' WHEN 2 THEN '["basic"]' ELSE '["users"]' END::jsonb, 'command', id, status, finished_at
  FROM (SELECT *, row_number() OVER (PARTITION BY step_id IS NOT NULL, cause_id ORDER BY id) AS number
          FROM ops_engine_command WHERE cause_kind = 'workflow') AS step;

-- a worker in the middle of its chunk
INSERT INTO ops_engine_runner (name, kind, host, pid)
SELECT 'worker-' || n, CASE n WHEN 0 THEN 'dispatcher' ELSE 'worker' END, 'host', n FROM generate_series(0, 4) AS n;
INSERT INTO ops_engine_claim (id, kind, queue, worker, size, lease_until)
VALUES (pg_temp.uuid7_at(now(), 'claim'), 'command', 'mail', 'worker-1', 60, now() + interval '1 day');
UPDATE ops_engine_command AS command
   SET status = 'processing', claim_id = pg_temp.uuid7_at(now(), 'claim'), place = taken.place, started_at = now(), attempts = 0
  FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM ops_engine_command
         WHERE status = 'pending' AND queue = 'mail' AND not_before < now() ORDER BY id LIMIT 60) AS taken
 WHERE command.id = taken.id;

UPDATE ops_engine_rollupmark SET until = now() - make_interval(days => %(days)s + 1);

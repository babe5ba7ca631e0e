-- A try that did not succeed. Nothing ever updates or deletes it.
INSERT INTO ops_engine_attempt (
    id, subject_kind, subject_id, type, tenant, number, outcome, is_final, worker, started_at, ended_at, retry_at,
    error_class, message, traceback, fingerprint, log
)
VALUES (
    %(id)s, %(subject_kind)s, %(subject_id)s, %(type)s, %(tenant)s, %(number)s, %(outcome)s, %(is_final)s, %(worker)s,
    %(started_at)s, %(ended_at)s, %(retry_at)s, %(error_class)s, %(message)s, %(traceback)s, %(fingerprint)s, %(log)s::jsonb
)

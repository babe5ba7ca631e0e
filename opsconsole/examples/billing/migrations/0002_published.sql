-- A document's copy of `is_published` is its report's, always: publishing a report changes it in all of them, and a
-- document cannot be added to a report that is being published. Two who meet wait for each other here and see what is
-- true then; nobody has to remember to lock.
ALTER TABLE reports_report ADD CONSTRAINT reports_report_key UNIQUE (id, is_published);
ALTER TABLE reports_document ADD CONSTRAINT reports_document_of_report
    FOREIGN KEY (report_id, is_published) REFERENCES reports_report (id, is_published) ON UPDATE CASCADE;

-- A check sees only the new row: that it may not change any more takes a trigger.
CREATE FUNCTION reports_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'document % is in a published report: it cannot become %', OLD.document_id, quote_literal(NEW.state)
          USING ERRCODE = 'check_violation', CONSTRAINT = 'reports_document_published';
END $$;

CREATE TRIGGER reports_document_published
    BEFORE UPDATE OF state ON reports_document
    FOR EACH ROW WHEN (OLD.is_published AND NEW.state IS DISTINCT FROM OLD.state)
    EXECUTE FUNCTION reports_refuse_change();

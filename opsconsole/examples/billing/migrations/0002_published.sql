-- A document's copy of `is_published` is its report's, always: publishing a report changes it in all of them, and a
-- document cannot be added to a report that is being published. Two who meet wait for each other here and see what is
-- true then; nobody has to remember to lock.
ALTER TABLE reports_report ADD CONSTRAINT reports_report_key UNIQUE (id, is_published);
ALTER TABLE reports_document ADD CONSTRAINT reports_document_of_report
    FOREIGN KEY (report_id, is_published) REFERENCES reports_report (id, is_published) ON UPDATE CASCADE;

-- A check sees only the new row: that a published one may not change any more takes triggers. The cascade of a
-- publication passes them, for it meets documents that are not published yet.
CREATE FUNCTION reports_refuse_report() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'report % is published: it stays as it is', OLD.id
          USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
END $$;

CREATE FUNCTION reports_refuse_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'document % is in a published report, or would come into one: that stays as it is',
                    coalesce(OLD.document_id, NEW.document_id)
          USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
END $$;

CREATE TRIGGER reports_report_published
    BEFORE UPDATE ON reports_report
    FOR EACH ROW WHEN (OLD.is_published AND OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION reports_refuse_report();

CREATE TRIGGER reports_report_kept
    BEFORE DELETE ON reports_report
    FOR EACH ROW WHEN (OLD.is_published)
    EXECUTE FUNCTION reports_refuse_report();

CREATE TRIGGER reports_document_published
    BEFORE UPDATE ON reports_document
    FOR EACH ROW WHEN (OLD.is_published AND OLD.* IS DISTINCT FROM NEW.*
                       OR NEW.is_published AND OLD.report_id <> NEW.report_id)
    EXECUTE FUNCTION reports_refuse_document();

CREATE TRIGGER reports_document_added
    BEFORE INSERT ON reports_document
    FOR EACH ROW WHEN (NEW.is_published)
    EXECUTE FUNCTION reports_refuse_document();

CREATE TRIGGER reports_document_kept
    BEFORE DELETE ON reports_document
    FOR EACH ROW WHEN (OLD.is_published)
    EXECUTE FUNCTION reports_refuse_document();

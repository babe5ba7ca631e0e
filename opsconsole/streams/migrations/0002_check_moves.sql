-- A foreign key cannot say "from the old value to the new one"; a trigger can. The moves are rows that `migrate` keeps
-- equal to the code. A change that leaves the state as it is needs no move.
CREATE FUNCTION ops_streams_check_move() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    came_from text := CASE WHEN TG_OP = 'INSERT' THEN '' ELSE OLD.status END;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.status = OLD.status AND NEW.type = OLD.type THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (
        SELECT FROM ops_streams_move AS move
         WHERE move.process = NEW.type AND move.source = came_from AND move.target = NEW.status
    ) THEN
        RAISE EXCEPTION 'a process % cannot go from % to %', NEW.type, quote_literal(came_from), quote_literal(NEW.status)
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ops_streams_process_move';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER ops_streams_process_move
    BEFORE INSERT OR UPDATE OF status, type ON ops_streams_process
    FOR EACH ROW EXECUTE FUNCTION ops_streams_check_move();

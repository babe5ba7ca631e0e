-- The successes of many commands of one claim, fenced together: raises unless the claim still holds for all of them.
-- As ops_engine_finish_command, for its reasons; the rows are found by an array, not by a join (see decision 13).
CREATE FUNCTION ops_engine_finish_commands(
    the_ids uuid[], the_claim uuid, seconds float8[], logs jsonb[], the_time timestamptz
) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
DECLARE
    done integer;
BEGIN
    UPDATE ops_engine_command
       SET status = 'success', attempts = attempts + 1, claim_id = NULL, place = NULL, error_class = '', error = '',
           started_at = COALESCE(the_time, clock_timestamp())
                        - make_interval(secs => seconds[array_position(the_ids, id)]),
           finished_at = COALESCE(the_time, clock_timestamp()),
           duration = make_interval(secs => seconds[array_position(the_ids, id)]),
           log = logs[array_position(the_ids, id)]
     WHERE id = ANY(the_ids) AND claim_id IS NOT DISTINCT FROM the_claim AND status = 'processing';
    GET DIAGNOSTICS done = ROW_COUNT;
    IF done <> cardinality(the_ids) THEN
        RAISE EXCEPTION '% of % commands were given to another worker', cardinality(the_ids) - done,
            cardinality(the_ids) USING ERRCODE = 'OPS01';
    END IF;
END $$;

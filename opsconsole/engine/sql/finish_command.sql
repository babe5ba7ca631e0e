-- The success of a command, sent in the same round trip as the COMMIT of its effects. The function raises when the claim
-- has passed to another worker: COMMIT is then never reached, and everything the handler did is rolled back.
-- Its arguments are filled in as literals: identifiers, a number, and what has been quoted.
SELECT ops_engine_finish_command('{id}', '{claim_id}', {seconds:.6f}, {log}, {now})

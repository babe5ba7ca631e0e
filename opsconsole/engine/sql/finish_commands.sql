-- The successes of a group of commands of one claim; as finish_command, whose words on literals hold here too.
SELECT ops_engine_finish_commands('{{{ids}}}', '{claim_id}', '{{{seconds}}}', ARRAY[{logs}]::jsonb[], {now})

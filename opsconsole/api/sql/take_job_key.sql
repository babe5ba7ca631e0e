-- Nobody gives a key back, so whoever does not get it finds its holder afterwards.
INSERT INTO ops_api_jobkey (tenant, key, fingerprint, command_id)
VALUES (%(tenant)s, %(key)s, %(fingerprint)s, %(command_id)s)
    ON CONFLICT (tenant, key) DO NOTHING
RETURNING id

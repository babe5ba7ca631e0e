-- What the code that migrates follows is what its subscriptions follow from now on.
UPDATE ops_streams_subscription AS subscription
   SET contract = known.contract
  FROM unnest(%(known)s::text[], %(contracts)s::text[]) AS known (name, contract)
 WHERE COALESCE(shadow_of, subscription.name) = known.name AND subscription.contract <> known.contract

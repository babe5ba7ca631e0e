-- The reports of so many customers, from a name on. A walk from one customer to the next by the index: for DISTINCT,
-- PostgreSQL would read every report that there ever was. Of each customer, what is not published and the latest that
-- is, the open one first.
WITH RECURSIVE walk (customer, place) AS (
    (SELECT customer, 1 FROM reports_report WHERE customer >= %(beginning)s ORDER BY customer LIMIT 1)
    UNION ALL
    SELECT following.customer, walk.place + 1
      FROM walk
     CROSS JOIN LATERAL (
           SELECT customer FROM reports_report WHERE customer > walk.customer ORDER BY customer LIMIT 1
           ) AS following
     WHERE walk.place < %(customers)s
)
SELECT report.*
  FROM walk
 CROSS JOIN LATERAL (
       (SELECT * FROM reports_report
         WHERE customer = walk.customer AND NOT is_published
         ORDER BY opened_at DESC, id DESC LIMIT %(unpublished)s)
        UNION ALL
       (SELECT * FROM reports_report
         WHERE customer = walk.customer AND is_published
         ORDER BY opened_at DESC, id DESC LIMIT 1)
       ) AS report
 ORDER BY walk.place, report.is_published, report.opened_at DESC, report.id DESC

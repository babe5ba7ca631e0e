-- Of each report, its newest documents: so many rows of the index, however long the reports are.
SELECT newest.*
  FROM unnest(%(reports)s::uuid[]) AS wanted (report_id)
 CROSS JOIN LATERAL (
       SELECT * FROM reports_document AS document
        WHERE document.report_id = wanted.report_id
        ORDER BY document.added_at DESC, document.document_id DESC LIMIT %(most)s
       ) AS newest

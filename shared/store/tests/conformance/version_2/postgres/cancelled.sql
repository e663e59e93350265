INSERT INTO banyan_ownership VALUES ('notes', 'retired', 1, 0, 0, '{"store":"3b8a71e1eeef9b9a2e2fb8d089f301b7","lineage":"b10799818e130896ebf8589f5c255807","role":"primary","epoch":1,"since":0,"hold":null,"grant":null,"followed":null,"successor":null,"forwarded":"http://afdfee7a733115054588d520d5cf6b6f.test/api/notes"}');
INSERT INTO banyan_runs VALUES ('notes', 1, 'fb9f55c49bb99d14ba65d1ac630ff55a', 759, 0);
INSERT INTO banyan_schema VALUES ('notes', 2);
SELECT setval('notes_id_seq', 1, false);

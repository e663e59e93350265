INSERT INTO banyan_ownership VALUES ('notes', 'follower', 1, 0, 0, '{"store":"afdfee7a733115054588d520d5cf6b6f","lineage":"756964b85b94b962311a47d2eacd5ede","role":"follower","epoch":1,"since":0,"hold":null,"grant":null,"followed":{"source":{"store":"97d1d7260d6599860ce413c72997bbec","url":"http://97d1d7260d6599860ce413c72997bbec.test/api/notes"},"cursor":"742.9223372036854775807","run":"3905899057db71d2972076accff914b5.737","covered":"1.742","copied":true},"successor":{"store":"97d1d7260d6599860ce413c72997bbec","url":"http://97d1d7260d6599860ce413c72997bbec.test/api/notes"}}');
INSERT INTO banyan_runs VALUES ('notes', 1, '7c7e17008a1160087d64ba729ad0b886', 1, 0);
INSERT INTO banyan_schema VALUES ('notes', 2);
INSERT INTO notes VALUES (1, 1, 1796009404331, 1796009404331, false, 'first', 1, 739, false);
INSERT INTO notes VALUES (4, 1, 1796009404333, 1796009404333, false, 'with a key', 7, 739, false);
INSERT INTO notes VALUES (2, 2, 1796009404332, 1796009404335, false, 'second, again', 1, 741, false);
INSERT INTO notes VALUES (3, 2, 1796009404332, 1796009404336, true, '', 0, 741, false);
INSERT INTO notes_idempotency VALUES ('key-1', 'key-1', 4, 1796009404337, '{"id":4,"title":"with a key","createdBy":7,"createdAt":"2026-11-30T03:30:04.333Z","updatedAt":"2026-11-30T03:30:04.333Z"}');
SELECT setval('notes_id_seq', 1, false);

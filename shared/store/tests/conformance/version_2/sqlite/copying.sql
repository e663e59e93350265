INSERT INTO banyan_schema VALUES('notes',2);
INSERT INTO notes VALUES(1,1,1796009404303,1796009404303,0,'first',1,2,0);
INSERT INTO notes VALUES(4,1,1796009404308,1796009404308,0,'with a key',7,3,0);
INSERT INTO notes_idempotency VALUES('key-1','key-1',4,1796009404311,'{"id":4,"title":"with a key","createdBy":7,"createdAt":"2026-11-30T03:30:04.308Z","updatedAt":"2026-11-30T03:30:04.308Z"}');
INSERT INTO banyan_ownership VALUES('notes','follower',1,0,3,'{"store":"46006271e7696183d0cbe76d497f84b9","lineage":"ab1ec6fde924094e8d0ad44bc2c619ca","role":"follower","epoch":1,"since":0,"hold":null,"grant":null,"followed":{"source":{"store":"e2fcdd433661fb245420728658ada576","url":"http://e2fcdd433661fb245420728658ada576.test/api/notes"},"cursor":"5.4","run":"4bf5253e9f32c79f3bdd428fbec8b00f.8","covered":"0.0","copied":false},"successor":{"store":"e2fcdd433661fb245420728658ada576","url":"http://e2fcdd433661fb245420728658ada576.test/api/notes"}}');
INSERT INTO banyan_runs VALUES('notes',1,'35cfb63b954edfb02a89c06726fe80c8',2,0);
INSERT INTO sqlite_sequence VALUES('notes',4);

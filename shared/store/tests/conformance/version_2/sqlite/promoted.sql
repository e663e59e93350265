INSERT INTO banyan_schema VALUES('notes',2);
INSERT INTO notes VALUES(1,1,1796009404303,1796009404303,0,'first',1,2,0);
INSERT INTO notes VALUES(2,2,1796009404304,1796009404310,0,'second, again',1,4,0);
INSERT INTO notes VALUES(3,2,1796009404305,1796009404311,1,'',0,5,0);
INSERT INTO notes VALUES(4,1,1796009404308,1796009404308,0,'with a key',7,3,0);
INSERT INTO notes_idempotency VALUES('key-1','key-1',4,1796009404311,'{"id":4,"title":"with a key","createdBy":7,"createdAt":"2026-11-30T03:30:04.308Z","updatedAt":"2026-11-30T03:30:04.308Z"}');
INSERT INTO banyan_ownership VALUES('notes','primary',2,0,5,'{"store":"46006271e7696183d0cbe76d497f84b9","lineage":"ab1ec6fde924094e8d0ad44bc2c619ca","role":"primary","epoch":2,"since":5,"hold":null,"grant":null,"followed":null,"successor":null,"predecessor":{"store":"e2fcdd433661fb245420728658ada576","url":"http://e2fcdd433661fb245420728658ada576.test/api/notes"}}');
INSERT INTO banyan_runs VALUES('notes',1,'35cfb63b954edfb02a89c06726fe80c8',2,0);
INSERT INTO sqlite_sequence VALUES('notes',4);

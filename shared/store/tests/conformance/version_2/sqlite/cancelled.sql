INSERT INTO banyan_schema VALUES('notes',2);
INSERT INTO banyan_ownership VALUES('notes','retired',1,0,6,'{"store":"4d7f80e1407aa4fb0368dead8feaacb8","lineage":"d943ad12e77eca9a636ee3496fb1b919","role":"primary","epoch":1,"since":0,"hold":null,"grant":null,"followed":null,"successor":null,"forwarded":"http://46006271e7696183d0cbe76d497f84b9.test/api/notes"}');
INSERT INTO banyan_runs VALUES('notes',1,'987d922f0ab66e43e120773b243ff7ed',7,0);

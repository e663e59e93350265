// A message board as many are: Express in front of one PostgreSQL database. It knows nothing of Banyan.
// DATABASE_URL is its database, PORT where it listens on 127.0.0.1.
import express from "express";
import pg from "pg";

// Numbers of 64 bits are small here.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);
const database = new pg.Pool({ connectionString: process.env.DATABASE_URL, application_name: "message-board" });
const app = express();
app.use(express.json());

// What clients may set, by table.
const columns = {
    users: ["username", "name", "bio"],
    threads: ["title", "created_by", "tags"],
    posts: ["thread", "author", "text", "meta"],
};

const given = (table, body) => columns[table].filter((name) => body?.[name] !== undefined);
const found = (answer, rows) => (rows.length ? answer.json(rows[0]) : answer.status(404).json({ error: "no such row" }));

for (const table of Object.keys(columns)) {
    const path = `/api/${table}`;
    app.get(path, async (request, answer) => {
        const { rows } = await database.query(`SELECT * FROM ${table} WHERE id > $1 ORDER BY id LIMIT 100`, [request.query.after ?? 0]);
        answer.json(rows);
    });
    app.post(path, async (request, answer) => {
        const names = given(table, request.body);
        if (!names.length) return answer.status(400).json({ error: `send some of ${columns[table].join(", ")}` });
        const places = names.map((_, place) => `$${place + 1}`);
        const { rows } = await database.query(
            `INSERT INTO ${table} (${names.join(", ")}) VALUES (${places.join(", ")}) RETURNING *`,
            names.map((name) => request.body[name]),
        );
        answer.status(201).location(`${path}/${rows[0].id}`).json(rows[0]);
    });
    app.get(`${path}/:id`, async (request, answer) => {
        found(answer, (await database.query(`SELECT * FROM ${table} WHERE id = $1`, [request.params.id])).rows);
    });
    app.patch(`${path}/:id`, async (request, answer) => {
        const names = given(table, request.body);
        if (!names.length) return answer.status(400).json({ error: `send some of ${columns[table].join(", ")}` });
        const changes = names.map((name, place) => `${name} = $${place + 2}`);
        const { rows } = await database.query(
            `UPDATE ${table} SET ${changes.join(", ")} WHERE id = $1 RETURNING *`,
            [request.params.id, ...names.map((name) => request.body[name])],
        );
        found(answer, rows);
    });
    app.delete(`${path}/:id`, async (request, answer) => {
        const { rowCount } = await database.query(`DELETE FROM ${table} WHERE id = $1`, [request.params.id]);
        answer.status(rowCount ? 204 : 404).end();
    });
}

// What joins tables.
app.get("/api/threads/:id/posts", async (request, answer) => {
    const { rows } = await database.query(
        `SELECT posts.id, posts.text, users.username FROM posts JOIN users ON users.id = posts.author
         WHERE posts.thread = $1 ORDER BY posts.id`,
        [request.params.id],
    );
    answer.json(rows);
});
app.get("/report", async (request, answer) => {
    const { rows } = await database.query(
        `SELECT users.username, count(posts.id)::int AS posts FROM users LEFT JOIN posts ON posts.author = users.id
         GROUP BY users.id ORDER BY users.id`,
    );
    answer.json(rows);
});
// A second place that writes posts: the kind that a break-up must find.
app.post("/admin/censor", async (request, answer) => {
    const { rowCount } = await database.query("UPDATE posts SET text = '(removed)' WHERE text LIKE $1", [`%${request.body.word}%`]);
    answer.json({ changed: rowCount });
});

app.use((error, request, answer, next) => {
    const status = error.code?.startsWith("23") ? 409 : (error.status ?? 500);
    console.error(`${request.method} ${request.url} ${error.code ?? ""} ${error.message}`);
    answer.status(status).json({ error: error.message, code: error.code });
});

const server = app.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.close(() => process.exit(0)));

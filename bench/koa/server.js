// Koa with the board in memory: the monolith's paths and bodies, without its header fields.
// Usage: node server.js PORT DATA, with DATA as bench/measure.py writes it: {"users": [...], "posts": [...]}.

const fs = require('node:fs');
const Koa = require('koa');
const { Router } = require('@koa/router');

const [port, file] = process.argv.slice(2);
const { users, posts } = JSON.parse(fs.readFileSync(file));
const byId = new Map(users.map((user) => [user.id, user]));
const threads = new Map();
for (const post of posts) {
  threads.set(post.thread, [...(threads.get(post.thread) ?? []), post]);
}

const router = new Router();
router.get('/api/users/:id', (context) => {
  context.body = byId.get(Number(context.params.id));
});
router.get('/api/posts', (context) => {
  context.body = posts.slice(0, 100);
});
router.get('/api/posts/in-thread/:id', (context) => {
  context.body = threads.get(Number(context.params.id)) ?? [];
});

const app = new Koa();
app.use(router.routes());
app.listen(Number(port), '127.0.0.1');

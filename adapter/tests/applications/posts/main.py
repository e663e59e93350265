"""The posts of a message board, as a service of their own: FastAPI in front of PostgreSQL. It knows nothing of Banyan.

DATABASE_URL is its database. Run it with: uvicorn --port 3001 main:app
"""

import os
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException, Response
from psycopg.errors import IntegrityConstraintViolation
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool
from pydantic import BaseModel

pool = ConnectionPool(os.environ["DATABASE_URL"], kwargs={"row_factory": dict_row}, open=False, min_size=4, max_size=16)


@asynccontextmanager
async def lifespan(_: FastAPI):
    pool.open(wait=True)
    yield
    pool.close()


app = FastAPI(lifespan=lifespan)


class New(BaseModel):
    thread: int
    author: int
    text: str
    meta: dict[str, Any] = {}


class Change(BaseModel):
    text: str | None = None
    meta: dict[str, Any] | None = None


def run(sql: str, values: list[Any]) -> list[dict[str, Any]]:
    try:
        with pool.connection() as connection:
            cursor = connection.execute(sql, values)
            return cursor.fetchall() if cursor.description else []
    except IntegrityConstraintViolation as error:
        raise HTTPException(409, str(error)) from error


def one(rows: list[dict[str, Any]]) -> dict[str, Any]:
    if not rows:
        raise HTTPException(404, "no such row")
    return rows[0]


@app.get("/api/posts")
def page(after: int = 0):
    return run("SELECT * FROM posts WHERE id > %s ORDER BY id LIMIT 100", [after])


@app.post("/api/posts", status_code=201)
def make(new: New, response: Response):
    sql = "INSERT INTO posts (thread, author, text, meta) VALUES (%s, %s, %s, %s) RETURNING *"
    row = one(run(sql, [new.thread, new.author, new.text, Jsonb(new.meta)]))
    response.headers["Location"] = f"/api/posts/{row['id']}"
    return row


@app.get("/api/posts/{key}")
def read(key: int):
    return one(run("SELECT * FROM posts WHERE id = %s", [key]))


@app.patch("/api/posts/{key}")
def change(key: int, changes: Change):
    sql = "UPDATE posts SET text = coalesce(%s, text), meta = coalesce(%s, meta) WHERE id = %s RETURNING *"
    meta = None if changes.meta is None else Jsonb(changes.meta)
    return one(run(sql, [changes.text, meta, key]))


@app.delete("/api/posts/{key}", status_code=204)
def delete(key: int):
    one(run("DELETE FROM posts WHERE id = %s RETURNING id", [key]))

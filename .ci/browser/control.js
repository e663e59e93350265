// The control port of a board, asked with its keys (AWS Signature Version 4).
import { createHash, createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

const REGION = 'local';
const SERVICE = 'refactor-spaces';

const hash = (text) => createHash('sha256').update(text).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

/** Sends a signed request; what it is answered with. */
export async function control(board, method, target, body) {
  const keys = JSON.parse(await readFile(path.join(board.data, 'refactor', 'credentials.json'), 'utf8'));
  const url = new URL(target, board.url('refactor'));
  const sent = body === undefined ? '' : JSON.stringify(body);
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/${REGION}/${SERVICE}/aws4_request`;
  const canonical = [method, url.pathname, '', `host:${url.host}`, `x-amz-date:${time}`, '', 'host;x-amz-date', hash(sent)];
  const text = ['AWS4-HMAC-SHA256', time, scope, hash(canonical.join('\n'))].join('\n');
  const key = scope.split('/').reduce((key, part) => hmac(key, part), `AWS4${keys.secretAccessKey}`);
  const signature = hmac(key, text).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=host;x-amz-date, Signature=${signature}`;
  const headers = { authorization, 'x-amz-date': time };
  const answer = await fetch(url, { method, headers, body: body === undefined ? undefined : sent });
  const read = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${target}: ${answer.status} ${read.Message}`);
  return read;
}

/** The route of a path, with the path of it on the control port. */
export async function route(board, source) {
  const { routes } = await control(board, 'GET', '/-/overview');
  const found = routes.find(({ SourcePath }) => SourcePath === source);
  const { EnvironmentId, ApplicationId, RouteId } = found;
  return { ...found, path: `/environments/${EnvironmentId}/applications/${ApplicationId}/routes/${RouteId}` };
}

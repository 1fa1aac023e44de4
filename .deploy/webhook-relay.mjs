#!/usr/bin/env node
// Takes Headroom's webhook, checks its signature, and passes alerts on to PagerDuty (Events API v2) or Opsgenie, or prints them.
//   WEBHOOK_SECRET=whsec_… PAGERDUTY_ROUTING_KEY=… node webhook-relay.mjs      then WEBHOOK_URL=http://127.0.0.1:8090/
//   WEBHOOK_SECRET=whsec_… OPSGENIE_API_KEY=… node webhook-relay.mjs           (in the EU: OPSGENIE_URL=https://api.eu.opsgenie.com)
//   WEBHOOK_SECRET=whsec_… node webhook-relay.mjs                              prints each event
import { createHmac, timingSafeEqual } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

/** The events that a service is told of: those of pools and sources, which begin and end. */
const ENDING = new Set(['level', 'silent']);

/** The request to PagerDuty for an event, or undefined. One alert is one incident, by its dedup_key. */
export function toPagerDuty({ type, timestamp, data }, { key, url = 'https://events.pagerduty.com' }) {
  if (!ENDING.has(data.kind)) return undefined;
  const action = { 'alert.acknowledged': 'acknowledge', 'alert.over': 'resolve' }[type] ?? 'trigger';
  const payload = { summary: data.title, source: 'headroom', severity: data.severity, timestamp, custom_details: data };
  const body = { routing_key: key, event_action: action, dedup_key: data.alert.slice(0, 255), payload };
  return { url: `${url}/v2/enqueue`, headers: {}, body };
}

/** The request to Opsgenie for an event, or undefined. One alert is one alert there, by its alias. */
export function toOpsgenie({ type, data }, { key, url = 'https://api.opsgenie.com' }) {
  if (!ENDING.has(data.kind)) return undefined;
  const headers = { authorization: `GenieKey ${key}` };
  const alias = data.alert.slice(0, 250);
  const action = { 'alert.acknowledged': 'acknowledge', 'alert.over': 'close' }[type];
  if (action) {
    const place = `${url}/v2/alerts/${encodeURIComponent(alias)}/${action}?identifierType=alias`;
    return { url: place, headers, body: { source: 'headroom' } };
  }
  const priority = { critical: 'P1', warning: 'P3', info: 'P5' }[data.severity];
  const body = { message: data.title.slice(0, 130), description: data.text, alias, priority, source: 'headroom' };
  return { url: `${url}/v2/alerts`, headers, body };
}

/** Whether a request was signed with the secret, at most five minutes ago. */
export function isSigned(headers, body, secret, nowMs = Date.now()) {
  const { 'webhook-id': id = '', 'webhook-timestamp': time = '', 'webhook-signature': signatures = '' } = headers;
  if (!(Math.abs(nowMs / 1000 - Number(time)) <= 300)) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${time}.${body}`).digest();
  return signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ''), 'base64');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/** Answers 2xx once the event has been passed on: Headroom sends it again until then. */
export function createRelay({ secret, toRequest }) {
  return createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    if (!isSigned(request.headers, body, secret)) return response.writeHead(401).end();
    const event = JSON.parse(body);
    const next = event.type.startsWith('alert.') ? toRequest(event) : undefined;
    if (!next) {
      console.log(body);
      return response.writeHead(204).end();
    }
    const headers = { 'content-type': 'application/json', ...next.headers };
    const answer = await fetch(next.url, { method: 'POST', headers, body: JSON.stringify(next.body) }).catch(
      () => undefined,
    );
    response.writeHead(answer?.ok ? 204 : 502).end();
  });
}

// Also on a Node that does not know import.meta.main.
if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { WEBHOOK_SECRET, PAGERDUTY_ROUTING_KEY, OPSGENIE_API_KEY, OPSGENIE_URL, PORT = '8090' } = process.env;
  const toRequest = (event) => {
    if (PAGERDUTY_ROUTING_KEY) return toPagerDuty(event, { key: PAGERDUTY_ROUTING_KEY });
    if (OPSGENIE_API_KEY) return toOpsgenie(event, { key: OPSGENIE_API_KEY, url: OPSGENIE_URL });
    return undefined;
  };
  if (!WEBHOOK_SECRET?.startsWith('whsec_')) {
    console.error('Set WEBHOOK_SECRET to what Headroom has, whsec_….');
    process.exit(1);
  }
  createRelay({ secret: WEBHOOK_SECRET, toRequest }).listen(Number(PORT), '127.0.0.1');
}

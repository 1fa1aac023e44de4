import type { Adapter, AdapterInput, ParsedRequest } from './adapter.ts';
import { toClientFinder } from './client-from.ts';
import { EventCollector, type Fields, firstOf, isFields, toFields, toNumber } from './event-collector.ts';
import { describeValue } from './event-fields.ts';
import { readJsonBody } from './json-body.ts';
import { checkJsonType } from './native.ts';
import { toTarget } from './route-template.ts';

/**
 * Kong's http-log plugin: one entry, or an array of them (`max_batch_size` over 1). The client is `consumer.username`.
 * Source: `serialize` in Kong's kong/pdk/log.lua.
 */
export const kongAdapter: Adapter = { name: 'kong', parse: parseKong };

const MISSING_CLIENT =
  'the entry has no consumer.username. Name another field with --client-from (consumer.custom_id,client_ip).';

function parseKong({ body, contentType, options }: AdapterInput): ParsedRequest {
  checkJsonType(contentType, 'application/json, as the http-log plugin does');
  const read = readJsonBody(body, contentType);
  const events = new EventCollector(options, read.unreadable);
  const findClient = toClientFinder(options);
  read.values.forEach((value, at) => {
    const index = read.indexes[at]!;
    if (!isFields(value)) {
      events.reject(index, value, `The entry is ${describeValue(value)}: send an object of the http-log plugin.`);
      return;
    }
    const entry = withoutHeaders(value);
    const request = toFields(entry.request);
    const consumer = toFields(entry.consumer);
    const status = toFields(entry.response).status;
    events.add(
      index,
      {
        id: request.id ?? findRequestId(value),
        time: entry.started_at,
        client: findClient?.(entry) ?? firstOf(consumer, ['username']),
        method: request.method,
        // Of the URL only the path: a query may hold keys.
        url: withoutQuery(typeof request.uri === 'string' ? toTarget(request.uri) : (request.uri ?? request.url)),
        status: status === 0 ? undefined : status,
        ip: entry.client_ip,
        module: toFields(entry.service).name ?? toFields(entry.route).name,
        duration_ms: toNumber(toFields(entry.latencies).request),
      },
      MISSING_CLIENT,
    );
  });
  return events.finish();
}

/** Headers hold cookies and keys: nothing behind this line gets to see them. */
function withoutHeaders(entry: Fields): Fields {
  const { headers: _, ...request } = toFields(entry.request);
  const { headers: __, ...response } = toFields(entry.response);
  return { ...entry, request, response };
}

/** Before 3.5 Kong has no `request.id`; its correlation header names the request all the same. */
function findRequestId(entry: Fields): unknown {
  for (const part of [entry.response, entry.request]) {
    const headers = toFields(toFields(part).headers);
    if (typeof headers['x-kong-request-id'] === 'string') return headers['x-kong-request-id'];
  }
  return undefined;
}

function withoutQuery(url: unknown): unknown {
  return typeof url === 'string' ? url.split(/[?#]/, 1)[0] : url;
}

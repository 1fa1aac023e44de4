import { createJsonAdapter } from './json-adapter.ts';

/**
 * Kong's http-log plugin: one entry, or an array of them (`max_batch_size` over 1). The client is `consumer.username`.
 * Before 3.5 there is no `request.id`; the correlation header names the request all the same.
 * Source: `serialize` in Kong's kong/pdk/log.lua.
 */
export const kongAdapter = createJsonAdapter({
  name: 'kong',
  map: {
    id: 'request.id|response.headers.x-kong-request-id|request.headers.x-kong-request-id',
    time: 'started_at',
    client: 'consumer.username',
    method: 'request.method',
    url: 'request.uri|request.url',
    status: 'response.status',
    ip: 'client_ip',
    module: 'service.name|route.name',
    duration_ms: 'latencies.request',
  },
  expects: { type: 'application/json, as the http-log plugin does', entry: 'an object of the http-log plugin' },
  missingClient:
    'the entry has no consumer.username. Name another field with --map client=consumer.custom_id|client_ip.',
});

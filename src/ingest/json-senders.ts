import type { Adapter, AdapterInput } from './adapter.ts';
import { Unpacker } from './body.ts';
import { createAdapter, Fault, type Fields, type Found, isFields } from './entries.ts';
import { describeValue, type EventFields, MAX_CLIENT_LENGTH } from './event-fields.ts';
import { type FieldMap, OWN_NAMES, toMapper } from './field-map.ts';
import { checkCharset, checkJsonType, JSON_TYPE, type JsonBody, readJsonBody } from './json-body.ts';
import { parseJson } from './json-scan.ts';

/** The JSON of a sender, described by the paths of its fields. */
interface JsonFormat {
  /** Name of the adapter. */
  name: string;
  map: FieldMap;
  /** Path of the entries in a body that wraps them in an object. */
  entries?: string;
  /** For errors: who sends this content type, and what an entry is. */
  sentBy: string;
  entry: string;
  /** For errors: other paths of the client, or a sentence that says how to send it. */
  instead?: string;
  /** Reads the body if the content type does not tell that it is JSON. */
  read?: (input: AdapterInput, entries?: string) => JsonBody;
  /** Returns the entry inside a wrapper; undefined if it is not about calls; a text if something is wrong with it. */
  open?: (value: Fields) => Fields | string | undefined;
  /** Corrects fields that a map cannot express. */
  finish?: (fields: EventFields) => EventFields;
}

/** Creates an adapter for JSON whose fields a map finds. The map of a source overrides it, field by field. */
function createJsonAdapter(format: JsonFormat): Adapter {
  const { name, map, sentBy, entry, instead = 'FIELD', open, finish, read = readJson } = format;
  const mapper = toMapper(map);
  const names = map.client!.replaceAll('|', ' or ');
  const cure = `the entry has no ${names}. ${/ /.test(instead) ? instead : `Name another field with --map client=${instead}.`}`;

  function readJson({ body, contentType }: AdapterInput, entries?: string): JsonBody {
    checkJsonType(contentType, `${JSON_TYPE}, as ${sentBy}`);
    return readJsonBody(body, contentType, { entries, expected: format.entry });
  }

  function toEntry(value: unknown): Found {
    if (!isFields(value)) return new Fault(`The entry is ${describeValue(value)}: send ${entry}.`, value);
    const object = open ? open(value) : value;
    if (typeof object === 'string') return new Fault(object, value);
    if (!object) return undefined;
    const fields = mapper.read(object);
    return { fields: finish?.(fields) ?? fields, object, cure };
  }

  return createAdapter(name, (input) => {
    const { values, escapes } = read(input, input.options.map?.entries ?? format.entries);
    return { values, escapes, toEntry };
  });
}

/** Fields of Gravitee's entries that are not calls: messages, events, logs, health checks, nodes, bulk actions. */
const GRAVITEE_OTHERS = [
  ...['correlationId', 'gatewayId', 'clientRequest', 'entrypointRequest', 'endpointRequest', 'steps', 'jvm', 'index'],
];

/** In the form of Elasticsearch, Gravitee writes methods as these indexes. */
const GRAVITEE_METHODS = [
  ...[undefined, 'CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE'],
] as const;

const FORMATS: readonly JsonFormat[] = [
  /**
   * Moesif's collector API: one event, or an array of them; a sampled event may stand for several (`weight`).
   * The client is the company, else the user. Source: https://www.moesif.com/docs/api, "Create an API event".
   */
  {
    name: 'moesif',
    map: {
      id: 'transaction_id|request.headers.x-moesif-transaction-id|request.headers.X-Moesif-Transaction-Id|response.headers.x-moesif-transaction-id|response.headers.X-Moesif-Transaction-Id',
      time: 'request.time',
      client: 'company_id|user_id',
      method: 'request.verb',
      url: 'request.uri',
      status: 'response.status',
      user: 'user_id',
      ip: 'request.ip_address',
      api_version: 'request.api_version',
      count: 'weight',
      duration_ms: 'request.time..response.time',
    },
    sentBy: 'the Moesif libraries do',
    entry: 'an object with "request"',
    open: (event) =>
      event.direction === 'Outgoing'
        ? 'direction is "Outgoing": only calls of this API are counted, not those that it makes itself.'
        : event,
  },

  /**
   * Azure API Management through Event Hub: `{"records": […]}` of the category GatewayLogs. The client is the subscription.
   * Source: "Gateway log schema" of the API Management reference.
   */
  {
    name: 'azure-apim',
    entries: 'records',
    map: {
      id: 'correlationId|CorrelationId',
      time: 'time|TimeGenerated',
      client: 'properties.apimSubscriptionId|ApimSubscriptionId',
      method: 'properties.method|Method',
      url: 'properties.url|Url',
      status: 'properties.responseCode|ResponseCode',
      user: 'properties.userId|UserId',
      ip: 'callerIpAddress|CallerIpAddress',
      module: 'properties.apiId|ApiId',
      api_version: 'properties.apiRevision|ApiRevision',
      function: 'properties.operationId|OperationId',
      duration_ms: 'durationMs|TotalTime',
    },
    sentBy: 'Event Hub delivers it',
    entry: 'an object of the category GatewayLogs',
    instead: 'properties.productId|callerIpAddress',
    open: (record) => ((record.category ?? 'GatewayLogs') === 'GatewayLogs' ? record : undefined),
  },

  /**
   * Apigee, with the names of its analytics, as MessageLogging, ServiceCallout and its reporting adapters write them. The client
   * is the developer's app, else its key.
   */
  {
    name: 'apigee',
    entries: 'records',
    map: {
      id: 'messageid|gateway_flow_id',
      time: 'client_received_start_timestamp|client_received_end_timestamp',
      client: 'developer_app|client_id',
      method: 'request_verb',
      url: 'request_uri|request_path|proxy_pathsuffix',
      status: 'response_status_code',
      user: 'developer_email',
      ip: 'client_ip',
      module: 'apiproxy',
      api_version: 'apiproxy_revision',
      duration_ms: 'total_response_time|client_received_start_timestamp..client_sent_end_timestamp',
    },
    sentBy: 'its policies do',
    entry: 'an object with "developer_app" or "client_id"',
    instead: 'Log one, or name another field with --map client=FIELD.',
  },

  /**
   * Records of Tyk Pump, plain or wrapped by its pumps for Splunk (`event`) and standard output. The client is the alias of the
   * key, else the OAuth client: the key itself may open the API, so it is not used.
   */
  {
    name: 'tyk',
    map: {
      time: 'timestamp|time_stamp',
      client: 'alias|oauth_id',
      method: 'method',
      url: 'path|raw_path',
      status: 'response_code',
      ip: 'ip_address',
      module: 'api_name|api_id',
      api_version: 'api_version',
      duration_ms: 'request_time|latency.total',
    },
    sentBy: 'Tyk Pump does',
    entry: 'a record of Tyk Pump',
    instead:
      'Have the pump send them ("fields": ["alias", "oauth_id", …]) and give the keys aliases, or name another field with --map client=FIELD (api_key where keys are hashed).',
    open: (record) => [record.event, record['tyk-analytics-record']].find(isFields) ?? record,
    // Tyk writes `Non Versioned` or `Not Versioned` for an API without versions.
    finish: (fields) =>
      /^(?:Non|Not) Versioned$/.test(String(fields.api_version)) ? { ...fields, api_version: undefined } : fields,
  },

  /**
   * Gravitee's file and TCP reporters, as JSON (`requestId`) or in the form of Elasticsearch (`request-id`): requests of version 2
   * and metrics of version 4. Logs, messages, health checks and figures of nodes are skipped. The client is the application.
   * Source: formatters and templates of gravitee-io/gravitee-reporter-common.
   */
  {
    name: 'gravitee',
    map: {
      id: '_id|requestId|request-id|transaction|transaction-id',
      time: '@timestamp|timestamp',
      client: 'application|applicationId|application-id|app-id',
      method: 'httpMethod|method|http-method',
      url: 'uri|path|pathInfo|path-info',
      route: 'mappedPath|mapped-path',
      status: 'status',
      user: 'user',
      ip: 'remoteAddress|remote-address',
      module: 'apiName|api-name|api|apiId|api-id',
      duration_ms: 'gatewayResponseTimeMs|proxyResponseTimeMs|response-time|gateway-response-time-ms',
    },
    sentBy: 'its reporters do, or application/x-ndjson',
    entry: 'a request of a Gravitee reporter',
    instead: 'plan|planId|remoteAddress',
    open: ({ type, ...request }) => {
      if (type !== undefined) return type === 'request' || type === 'v4-metrics' ? request : undefined;
      return GRAVITEE_OTHERS.some((name) => name in request) ? undefined : request;
    },
    finish: (fields) =>
      /^\d$/.test(String(fields.method)) ? { ...fields, method: GRAVITEE_METHODS[Number(fields.method)] } : fields,
  },

  /**
   * Google Cloud's load balancers through Cloud Logging and a Pub/Sub push subscription: `{"message": {"data": base64}}`, or
   * the log entry itself (a subscription without wrapping). The client is the IP.
   */
  {
    name: 'google-lb',
    map: {
      id: 'insertId',
      time: 'timestamp|receiveTimestamp',
      client: 'httpRequest.remoteIp',
      method: 'httpRequest.requestMethod',
      url: 'httpRequest.requestUrl',
      status: 'httpRequest.status',
      ip: 'httpRequest.remoteIp',
      module: 'resource.labels.backend_service_name|resource.labels.url_map_name',
      duration_ms: 'httpRequest.latency',
    },
    sentBy: 'Pub/Sub does',
    entry: 'a message of Pub/Sub',
    open: (value) => {
      const entry = isFields(value.message) ? openMessage(value.message) : value;
      if (typeof entry === 'string') return entry;
      return isFields(entry.httpRequest) ? entry : 'httpRequest is missing: have the sink filter for load balancers.';
    },
  },

  /**
   * Kong's http-log plugin: one entry, or an array of them (`max_batch_size` over 1). The client is `consumer.username`. Before
   * 3.5 there is no `request.id`, so the id is read from the correlation header. APISIX's http-logger writes nearly the same.
   * Source: `serialize` in Kong's kong/pdk/log.lua.
   */
  {
    name: 'kong',
    map: {
      id: 'request.id|response.headers.x-kong-request-id|request.headers.x-kong-request-id',
      time: 'started_at|start_time',
      client: 'consumer.username',
      method: 'request.method',
      url: 'request.uri|request.url',
      status: 'response.status',
      ip: 'client_ip',
      module: 'service.name|route.name|service_id|route_id',
      duration_ms: 'latencies.request|latency',
    },
    sentBy: 'the http-log plugin does',
    entry: 'an object of the http-log plugin',
    instead: 'consumer.custom_id|client_ip',
  },

  /**
   * Cloudflare Logpush, dataset `http_requests`: one JSON object a line, in gzip, with any content type or none. The client is
   * the user agent, else the IP. Cloudflare checks a destination with the object `{"content":"tests"}`, which is skipped.
   */
  {
    name: 'logpush',
    map: {
      id: 'RayID',
      time: 'EdgeStartTimestamp|EdgeEndTimestamp',
      client: 'ClientRequestUserAgent|ClientIP',
      method: 'ClientRequestMethod',
      url: 'ClientRequestPath|ClientRequestURI',
      status: 'EdgeResponseStatus',
      ip: 'ClientIP',
      duration_ms: 'EdgeTimeToFirstByteMs',
    },
    sentBy: 'a job does',
    entry: 'an object of the dataset http_requests',
    instead: 'Add one to the job, or name another field with --map client=FIELD.',
    read({ body, contentType }, entries) {
      checkCharset(contentType);
      return readJsonBody(new Unpacker().unpack(body), 'application/x-ndjson', { entries });
    },
    open: (line) => (line.content === 'tests' && Object.keys(line).length === 1 ? undefined : line),
    finish: (fields) => ({ ...fields, client: cut(fields.client) }),
  },

  /**
   * Segment's tracking API: `{"batch": […]}`, or one message. Each `track` is a usage event with the fields of
   * src/domain/README.md in its `properties`; `identify`, `page` and the like are not about usage and skipped. The client is
   * `userId`. The id is `messageId`, since a repeated request has other bytes (`sentAt`) but the same messages.
   */
  {
    name: 'segment',
    entries: 'batch',
    map: {
      ...Object.fromEntries(Object.keys(OWN_NAMES).map((field) => [field, `properties.${field}`])),
      id: 'messageId',
      time: 'timestamp|originalTimestamp|properties.time',
      client: 'userId',
      ip: 'properties.ip|context.ip',
      kind: 'properties.kind|event',
    },
    sentBy: 'the Segment libraries do',
    entry: 'an object with "userId"',
    instead: 'anonymousId',
    // The API's own endpoints (/v1/track) leave the type out.
    open: (message) => ((message.type ?? 'track') === 'track' ? message : undefined),
  },
];

export const jsonAdapters: readonly Adapter[] = FORMATS.map(createJsonAdapter);

function openMessage({ data }: Fields): Fields | string {
  const entry = parseJson(Buffer.from(String(data), 'base64').toString('utf8'));
  return isFields(entry) ? entry : `message.data is ${describeValue(data)}: it is no log entry in base64.`;
}

/** Cuts a user agent to the length of a client's name. */
function cut(agent: unknown): unknown {
  if (typeof agent !== 'string' || agent.length <= MAX_CLIENT_LENGTH) return agent;
  return Array.from(agent).slice(0, MAX_CLIENT_LENGTH).join('');
}

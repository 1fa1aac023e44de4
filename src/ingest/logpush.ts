import { MAX_CLIENT_LENGTH } from './event-fields.ts';
import { createJsonAdapter } from './json-adapter.ts';
import { checkCharset, readJsonBody } from './json-body.ts';
import { Unpacker } from './unpack.ts';

/**
 * Cloudflare Logpush, dataset `http_requests`: one JSON object a line, in gzip, with any content type or none. The client is
 * the user agent, else the IP. The object `{"content":"tests"}`, with which Cloudflare checks a destination, is no event.
 */
export const logpushAdapter = createJsonAdapter({
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
  expects: { type: 'application/x-ndjson', entry: 'an object of the dataset http_requests' },
  missingClient:
    'the line has neither ClientRequestUserAgent nor ClientIP. Add one to the job, or name a field with --map client=FIELD.',
  read({ body, contentType }) {
    checkCharset(contentType);
    return readJsonBody(new Unpacker().unpack(body), 'application/x-ndjson');
  },
  open: (line) => (line.content === 'tests' && Object.keys(line).length === 1 ? undefined : line),
  finish: (fields) => ({ ...fields, client: cut(fields.client) }),
});

/** User agents may be longer than the name of a client. */
function cut(agent: unknown): unknown {
  if (typeof agent !== 'string' || agent.length <= MAX_CLIENT_LENGTH) return agent;
  return Array.from(agent).slice(0, MAX_CLIENT_LENGTH).join('');
}

import type { Adapter, AdapterInput, ParsedRequest } from './adapter.ts';
import { toClientFinder } from './client-from.ts';
import { EventCollector, type Fields, firstOf, isFields, toNumber, toText } from './event-collector.ts';
import { describeValue, MAX_CLIENT_LENGTH } from './event-fields.ts';
import { checkCharset, readJsonBody } from './json-body.ts';
import { toTarget } from './route-template.ts';
import { Unpacker } from './unpack.ts';

/**
 * Cloudflare Logpush, dataset `http_requests`: one JSON object a line, in gzip, with any content type or none. The client is
 * the user agent, else the IP. The object `{"content":"tests"}`, with which Cloudflare checks a destination, is no event.
 */
export const logpushAdapter: Adapter = { name: 'logpush', parse: parseLogpush };

const MISSING_CLIENT =
  'the line has neither ClientRequestUserAgent nor ClientIP. Add one to the job, or name a field with --client-from.';

function parseLogpush({ body, contentType, options }: AdapterInput): ParsedRequest {
  checkCharset(contentType);
  const read = readJsonBody(new Unpacker().unpack(body), 'application/x-ndjson');
  const events = new EventCollector(options, read.unreadable);
  const findClient = toClientFinder(options);
  read.values.forEach((line, at) => {
    const index = read.indexes[at]!;
    if (!isFields(line)) {
      events.reject(index, line, `The line is ${describeValue(line)}: send an object of the dataset http_requests.`);
      return;
    }
    if (isCheck(line)) return;
    const agent = firstOf(line, ['ClientRequestUserAgent']);
    const target = firstOf(line, ['ClientRequestPath', 'ClientRequestURI']);
    const status = line.EdgeResponseStatus;
    events.add(
      index,
      {
        id: toText(firstOf(line, ['RayID'])),
        time: toTime(firstOf(line, ['EdgeStartTimestamp', 'EdgeEndTimestamp'])),
        client: findClient?.(line) ?? (typeof agent === 'string' ? cut(agent) : firstOf(line, ['ClientIP'])),
        method: line.ClientRequestMethod,
        url: typeof target === 'string' ? toTarget(target) : target,
        // The visitor hung up before an answer.
        status: status === 0 ? undefined : status,
        ip: firstOf(line, ['ClientIP']),
        duration_ms: toNumber(line.EdgeTimeToFirstByteMs),
      },
      MISSING_CLIENT,
    );
  });
  return events.finish();
}

function isCheck(line: Fields): boolean {
  return line.content === 'tests' && Object.keys(line).length === 1;
}

/** Jobs write RFC 3339, seconds or (by default) nanoseconds. */
function toTime(value: unknown): unknown {
  return typeof value === 'number' && value >= 1e17 ? Math.floor(value / 1e6) : value;
}

/** User agents may be longer than the name of a client. */
function cut(agent: string): string {
  if (agent.length <= MAX_CLIENT_LENGTH) return agent;
  return Array.from(agent).slice(0, MAX_CLIENT_LENGTH).join('');
}

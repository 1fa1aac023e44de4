/** Returns a status in plain words; `''` where nothing is known of it. */
export function describeStatus(status: string): string {
  return MEANINGS[status] ?? GROUP_MEANINGS.find(({ group }) => group === groupOf(status))?.meaning ?? '';
}

/** The documented groups: 2xx, 3xx, 4xx (429 apart), 5xx and what carries no status. */
export const GROUP_MEANINGS: readonly { group: string; meaning: string }[] = [
  { group: '1xx', meaning: 'informational' },
  { group: '2xx', meaning: 'success' },
  { group: '3xx', meaning: 'redirect or not modified' },
  { group: '4xx', meaning: 'client error' },
  { group: '429', meaning: 'rate-limited' },
  { group: '5xx', meaning: 'server error' },
  { group: '(none)', meaning: 'no status' },
];

export function groupOf(status: string): string {
  if (status === '429' || status === '(none)') return status;
  return `${status.charAt(0)}xx`;
}

const MEANINGS: Readonly<Record<string, string>> = {
  200: 'OK',
  201: 'created',
  202: 'accepted',
  204: 'OK, no content',
  206: 'partial content',
  301: 'moved permanently',
  302: 'found',
  303: 'see other',
  304: 'not modified',
  307: 'temporary redirect',
  308: 'permanent redirect',
  400: 'bad request',
  401: 'unauthorized',
  402: 'payment required',
  403: 'forbidden',
  404: 'not found',
  405: 'method not allowed',
  406: 'not acceptable',
  408: 'request timeout',
  409: 'conflict',
  410: 'gone',
  411: 'length required',
  412: 'precondition failed',
  413: 'payload too large',
  414: 'URL too long',
  415: 'unsupported media type',
  422: 'unprocessable',
  423: 'locked',
  428: 'precondition required',
  429: 'rate-limited',
  499: 'client closed connection',
  500: 'internal server error',
  501: 'not implemented',
  502: 'bad gateway',
  503: 'service unavailable',
  504: 'gateway timeout',
};

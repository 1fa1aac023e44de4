/** What a status says in plain words; `''` where nothing is known of it. */
export function describeStatus(status: string): string {
  return MEANINGS[status] ?? GROUP_MEANINGS.find(({ group }) => group === groupOf(status))?.meaning ?? '';
}

/** The documented groups: 2xx, 3xx, 4xx (429 apart), 5xx and what carries no status. */
export const GROUP_MEANINGS: readonly { group: string; meaning: string }[] = [
  { group: '1xx', meaning: 'informational' },
  { group: '2xx', meaning: 'success' },
  { group: '3xx', meaning: 'redirect or not modified' },
  { group: '4xx', meaning: 'refused: the request was at fault' },
  { group: '429', meaning: 'too many requests: over the rate' },
  { group: '5xx', meaning: 'server error' },
  { group: '(none)', meaning: 'no status was sent: neither success nor failure' },
];

export function groupOf(status: string): string {
  if (status === '429' || status === '(none)') return status;
  return `${status.charAt(0)}xx`;
}

const MEANINGS: Readonly<Record<string, string>> = {
  200: 'OK',
  201: 'created',
  202: 'accepted for later',
  204: 'OK, no content',
  206: 'part of the content',
  301: 'moved for good',
  302: 'found elsewhere',
  303: 'see another address',
  304: 'not modified',
  307: 'elsewhere for now',
  308: 'moved for good',
  400: 'bad request: malformed',
  401: 'not authenticated',
  402: 'payment required',
  403: 'not allowed',
  404: 'not found',
  405: 'method not allowed',
  406: 'no acceptable format',
  408: 'the client was too slow',
  409: 'conflict',
  410: 'gone',
  411: 'length missing',
  412: 'precondition failed',
  413: 'body too large',
  414: 'address too long',
  415: 'unsupported media type',
  422: 'well-formed but not acceptable',
  423: 'locked',
  428: 'precondition missing',
  429: 'too many requests: over the rate',
  499: 'the client closed the connection',
  500: 'server error',
  501: 'not implemented',
  502: 'bad gateway',
  503: 'service unavailable',
  504: 'gateway timeout',
};

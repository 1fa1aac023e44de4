import type { QuestionKey } from '../domain/dimension.ts';

/** A dimension's name where people read it, and what its values do with requests: `Acme CRM made`, `/v1/orders got`. */
export const DIMENSION_WORDS: Readonly<Record<QuestionKey, { singular: string; plural: string; verb: string }>> = {
  client: { singular: 'client', plural: 'clients', verb: 'made' },
  team: { singular: 'team', plural: 'teams', verb: 'made' },
  route: { singular: 'route', plural: 'routes', verb: 'got' },
  user: { singular: 'user', plural: 'users', verb: 'made' },
  ip: { singular: 'IP address', plural: 'IP addresses', verb: 'made' },
  module: { singular: 'module', plural: 'modules', verb: 'made' },
  method: { singular: 'method', plural: 'methods', verb: 'was used for' },
  function: { singular: 'function', plural: 'functions', verb: 'got' },
  version: { singular: 'API version', plural: 'API versions', verb: 'got' },
  kind: { singular: 'kind', plural: 'kinds', verb: 'was' },
  initiator: { singular: 'initiator', plural: 'initiators', verb: 'made' },
  source: { singular: 'source', plural: 'sources', verb: 'sent' },
  scope: { singular: 'scope', plural: 'scopes', verb: 'got' },
  status: { singular: 'status code', plural: 'status codes', verb: 'ended' },
};

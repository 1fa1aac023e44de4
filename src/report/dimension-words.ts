import type { GroupKey } from '../domain/dimension.ts';

/** What a dimension is called where people read it. */
export const DIMENSION_WORDS: Readonly<Record<GroupKey, { singular: string; plural: string }>> = {
  client: { singular: 'client', plural: 'clients' },
  route: { singular: 'route', plural: 'routes' },
  user: { singular: 'user', plural: 'users' },
  ip: { singular: 'IP address', plural: 'IP addresses' },
  module: { singular: 'module', plural: 'modules' },
  method: { singular: 'method', plural: 'methods' },
  function: { singular: 'function', plural: 'functions' },
  version: { singular: 'API version', plural: 'API versions' },
  kind: { singular: 'kind', plural: 'kinds' },
  initiator: { singular: 'initiator', plural: 'initiators' },
  source: { singular: 'source', plural: 'sources' },
  scope: { singular: 'scope', plural: 'scopes' },
  status: { singular: 'status code', plural: 'status codes' },
};

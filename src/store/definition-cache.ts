import type { Definitions } from '../domain/definition.ts';
import type { Db } from './database.ts';
import { getDefinitions, getDefinitionsVersion } from './definition-repository.ts';

/** Reads definitions, again whenever their version has changed. */
export function createDefinitionCache(db: Db): () => Promise<Definitions> {
  let cached: { version: number; definitions: Promise<Definitions> } | undefined;
  return async () => {
    const version = await getDefinitionsVersion(db);
    if (cached?.version !== version) cached = { version, definitions: getDefinitions(db) };
    return cached.definitions;
  };
}

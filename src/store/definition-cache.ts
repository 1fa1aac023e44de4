import { NO_DEFINITIONS } from '../domain/declaration.ts';
import type { Definitions } from '../domain/definition.ts';
import type { Db } from './database.ts';
import { getDefinitions, getDefinitionsVersion } from './definition-repository.ts';

/** Returns a reader of the definitions, which reads them again only when their version has changed. */
export function createDefinitionCache(db: Db): () => Promise<Definitions> {
  let cached = NO_DEFINITIONS;
  return async () => {
    if (cached.version !== (await getDefinitionsVersion(db))) cached = await getDefinitions(db);
    return cached;
  };
}

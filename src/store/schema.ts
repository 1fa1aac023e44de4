import type { AlertTables } from './schema/alert.ts';
import type { ConversationTables } from './schema/conversation.ts';
import type { DefinitionTables } from './schema/definition.ts';
import type { DeliveryTables } from './schema/delivery.ts';
import type { SourceTables } from './schema/source.ts';
import type { UsageTables } from './schema/usage.ts';

/**
 * Every table, as the migrations leave it. Instants are epoch milliseconds, days are days since 1970-01-01 in the report
 * zone, truth values are 0 or 1, structured columns are JSON text.
 */
export interface Database
  extends UsageTables,
    SourceTables,
    DefinitionTables,
    DeliveryTables,
    AlertTables,
    ConversationTables {}

// biome-ignore lint/suspicious/noEmptyInterface: filled by the migration of this area
export interface SourceTables {}

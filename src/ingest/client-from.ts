/**
 * Who the client is, where a source was added with `--client-from`: names of fields in the sender's own format, tried in
 * order (`consumer.custom_id,client_ip`; dots go into objects). Undefined: the adapter's own rule holds.
 */
export function toClientFinder(
  options: Readonly<Record<string, unknown>>,
): ((fields: unknown) => string | undefined) | undefined {
  const { clientFrom } = options;
  if (typeof clientFrom !== 'string' || clientFrom.trim() === '') return undefined;
  const paths = clientFrom.split(',').map((path) => path.trim());
  return (fields) => {
    for (const path of paths) {
      const value = findField(fields, path);
      if (typeof value === 'string' && value !== '' && value !== '-') return value;
      if (typeof value === 'number') return String(value);
    }
    return undefined;
  };
}

/** A field by its name, or by the names on the way to it; a field whose own name holds dots is found too. */
export function findField(fields: unknown, path: string): unknown {
  if (typeof fields !== 'object' || fields === null) return undefined;
  if (Object.hasOwn(fields, path)) return (fields as Record<string, unknown>)[path];
  const dot = path.indexOf('.');
  if (dot < 0) return undefined;
  const name = path.slice(0, dot);
  return Object.hasOwn(fields, name)
    ? findField((fields as Record<string, unknown>)[name], path.slice(dot + 1))
    : undefined;
}

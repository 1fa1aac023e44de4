import { type FieldFault, NO_GRANT, type PoolEdit, type PoolFields, type ScopeEdit } from '../../domain/pool-fields.ts';
import { POOL_LABELS, type PoolFormMetadata } from '../../messages/pool-form.ts';
import { SCOPE_LABELS, type ScopeFormMetadata } from '../../messages/scope-form.ts';
import { clip } from '../../messages/text.ts';
import type { FormFields } from './fields.ts';
import type { Faults } from './listen.ts';

/** Reads the change that a submitted form of a pool asks for. */
export function toEdit(metadata: PoolFormMetadata, typed: FormFields): PoolEdit {
  const { scope, part, name, basis } = metadata;
  return { scope, part, name, basis, fields: readPool(metadata, typed) };
}

/** The fields as they were typed; those that another period had are left out. */
export function readPool({ name, grants }: PoolFormMetadata, { field, has }: FormFields): PoolFields {
  const period = field('period');
  const of = (kind: string, id: string) => (period === kind ? field(id).trim() : '');
  return {
    ...{ name: name ?? field('name').trim(), period },
    ...{ anchor: of('month', 'anchor'), from: of('once', 'from'), until: of('once', 'until') },
    base: field('base').trim(),
    grants: grants.map((id) =>
      has(`grant-name:${id}`)
        ? {
            name: field(`grant-name:${id}`).trim(),
            quantity: field(`grant-quantity:${id}`).trim(),
            each: field(`grant-each:${id}`).trim(),
          }
        : NO_GRANT,
    ),
    ...{ max: field('max').trim(), priority: field('priority').trim(), thresholds: field('thresholds').trim() },
    validFrom: field('validFrom'),
  };
}

/** Faults under the fields that they are about; under the nearest that the form has where it lacks that one. */
export function placeFaults(faults: readonly FieldFault[], { grants }: PoolFormMetadata, { has }: FormFields): Faults {
  const placed: Faults = {};
  for (const { field, text: read } of faults) {
    // The reader of the YAML names other fields by their keys.
    const text = read.replace(/\bbefore from\b/, `before “${POOL_LABELS.from}”`);
    const [part, index, key] = field.split('.');
    const grant = part === 'grants' ? grants[Number(index ?? 0)] : undefined;
    const wanted = grant === undefined ? field : `grant-${key ?? 'each'}:${grant}`;
    const fallback = ['anchor', 'from', 'until'].includes(field) ? 'period' : 'base';
    const at = has(wanted) ? wanted : fallback;
    const label = key === undefined && part === 'grants' ? 'Grants' : POOL_LABELS[wanted.split(':')[0]!];
    placed[at] ??= clip(label && field !== '' ? `${label} ${text}` : text, 500);
  }
  return placed;
}

/** Reads the change that a submitted form of a scope asks for. */
export function toScopeEdit({ scope, basis }: ScopeFormMetadata, { field }: FormFields): ScopeEdit {
  const of = (name: string) => field(name).trim();
  const fields = { title: of('title'), rateLimit: of('rateLimit'), addon: of('addon'), upgrade: of('upgrade') };
  return { name: scope, basis, fields: { name: scope ?? of('name'), ...fields } };
}

/** Faults that belong to no field stand at the title, which is always there. */
export function placeScopeFaults(faults: readonly FieldFault[]): Faults {
  const placed: Faults = {};
  for (const { field, text } of faults) {
    const label = Object.hasOwn(SCOPE_LABELS, field) ? SCOPE_LABELS[field as keyof typeof SCOPE_LABELS] : undefined;
    placed[label ? field : 'title'] ??= clip(label ? `${label} ${text}` : text, 500);
  }
  return placed;
}

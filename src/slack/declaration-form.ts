import { z } from 'zod';
import { formatDate, formatDay } from '../domain/calendar.ts';
import {
  type DeclarationEdit,
  type FieldFault,
  GRANT_FIELDS,
  NO_GRANT,
  POOL_FIELDS,
  type PoolEdit,
  type PoolFields,
  toPoolFields,
} from '../domain/declared-fields.ts';
import { ACTIONS } from '../messages/action-ids.ts';
import { buildClients, buildScope, buildScopes, describePool, MAX_GRANTS } from '../messages/declaration-lists.ts';
import type { FormFields } from '../messages/form.ts';
import { MAX_INPUT_TEXT } from '../messages/limits.ts';
import { actions, type Block, button, clip, leaf, plainContext, plainText, richText } from '../messages/text.ts';
import type { SlackContext } from './context.ts';
import { type Filled, type Form, type FormRow, form, type Sent } from './form.ts';
import type { Faults } from './listen.ts';
import type { PoolSummary } from './ports.ts';
import { say } from './tell.ts';
import { updateView } from './views.ts';

/** A list in a modal: the clients, one scope with its pools, or (`scope` absent) all scopes. */
export type DeclaredList = { of: 'clients' } | { of: 'pools'; scope?: string | undefined };

/** Builds the modal of a list. `said`: the outcome of the last change, shown on top. */
export async function buildList({ pools }: SlackContext, list: DeclaredList, said = ''): Promise<Block> {
  if (list.of === 'clients') return buildClients(await pools.clients(), said);
  const scopes = await pools.list();
  const shown = scopes.find(({ name }) => name === list.scope);
  return shown ? buildScope(shown, said) : buildScopes(scopes, said);
}

interface DeclarationRow<M extends object, F extends FormFields, S>
  extends Omit<FormRow<M, F, S>, 'check' | 'run' | 'submit'> {
  submit?: string;
  /** Returns the change of the declaration that the form asks for. */
  toEdit(sent: Sent<M, F>): DeclarationEdit;
  /** Returns the form's field at which a fault is shown if the form does not have the faulty field. */
  instead(field: string): string;
  /** Translates the place of a fault in the declaration into a field of the form, where their names differ. */
  toField?(fault: FieldFault, about: M): FieldFault;
  /** Returns the list that the form was opened from. */
  toList(sent: Sent<M, F>): DeclaredList;
}

/** Makes a form with which admins change the declaration. The changes are told in the list below it, or in a message. */
export function declarationForm<M extends object, const F extends FormFields, S = undefined>(
  row: DeclarationRow<M, F, S>,
): Form<M, F, S> {
  const { toEdit, instead, toField, toList } = row;
  return form<M, F, S>({
    ...{ needs: 'admin', again: 'pool edit', submit: 'Save' },
    ...row,
    async check(sent) {
      const { ctx, about, has } = sent;
      const fields: FormFields = typeof row.fields === 'function' ? row.fields(about) : row.fields;
      const placed: Faults = {};
      for (const fault of await ctx.pools.check(toEdit(sent))) {
        const { field, text } = toField?.(fault, about) ?? fault;
        const label = fields[field]?.label;
        placed[has(field) ? field : instead(field)] ??= label && field !== 'yaml' ? `${label} ${text}` : text;
      }
      return placed;
    },
    async run(sent) {
      const { ctx, by, below } = sent;
      const lines = await ctx.pools.apply(toEdit(sent), by);
      const said = lines.length > 0 ? ['Saved:', ...lines] : [describeChanges(lines)];
      const seen =
        below && (await updateView(sent, { id: below }, await buildList(ctx, toList(sent), said.join('\n'))));
      if (!seen) await say(sent, said);
    },
  });
}

/** Returns the lines of a change, or a sentence that nothing changed. */
export function describeChanges(lines: readonly string[]): string {
  return lines.join('\n') || 'Nothing differs: nothing changed.';
}

const ABOUT = z.object({
  scope: z.string(),
  part: z.enum(['pools', 'limits']),
  /** Absent: a new one. */
  name: z.string().optional(),
  basis: z.string().optional(),
  /** Numbers of the grants in their order. A grant keeps its number, and so its input, when others are added or removed. */
  grants: z.array(z.int().nonnegative()),
});
type About = z.infer<typeof ABOUT>;

/** Values that the form starts with. `now`: the pool as it is, if one is being changed. */
interface Shown {
  fields: PoolFields;
  now?: PoolSummary | undefined;
}

/** Form with the YAML of one scope, or of all. If it is too long for a field, it names the command that takes any length. */
export const TEXT_FORM = declarationForm({
  ...{ on: 'pools', title: 'Pools as text', submit: 'Apply' },
  about: z.object({ scope: z.string().optional() }),
  fields: {
    yaml: {
      ...{ kind: 'lines', label: 'Scopes, pools, limits (YAML)', required: 'write at least scopes: []' },
      hint: 'What differs holds from today, or from its valid_from. Scopes that are not named stay as they are.',
    },
  },
  layout: (put, yaml: string) => (yaml.length <= MAX_INPUT_TEXT ? [put('yaml', yaml)] : [TOO_LONG, put('yaml')]),
  toEdit: ({ typed }) => ({ part: 'text', ...typed }),
  instead: () => 'yaml',
  toList: ({ about: { scope } }) => ({ of: 'pools', scope }),
});

const TOO_LONG = {
  type: 'section',
  text: plainText(
    'This declaration is too long for a form. Open one scope (pool edit SCOPE), or apply a file: headroom pools apply FILE',
  ),
};

const live = ACTIONS.poolForm;
const needed = { optional: false };

/** Form of a pool or limit, with every field that the pools file has for it. */
export const POOL_FORM = declarationForm({
  on: 'pool',
  title({ name, part }: About, { fields }: Shown) {
    const noun = part === 'limits' ? 'limit' : fields.period === 'once' ? 'add-on' : 'pool';
    return `${name === undefined ? 'New' : 'Change'} ${noun}`;
  },
  about: ABOUT,
  /** Each grant has its own fields. */
  fields({ grants }): FormFields {
    const ofGrant = (id: number) => Object.entries(GRANT_FIELDS).map(([key, field]) => [`grants.${id}.${key}`, field]);
    return {
      ...POOL_FIELDS,
      period: { ...POOL_FIELDS.period, live },
      ...Object.fromEntries(grants.flatMap(ofGrant)),
    };
  },
  layout(put, { fields, now }, about) {
    const { name, part, scope, grants } = about;
    const { period, anchor } = fields;
    const isOnce = period === 'once';
    const start = name === undefined && isOnce ? 'Empty: its first day.' : 'Empty: today.';
    const hints = { name: `Among the ${part} of ${clip(scope, 100)}` };
    return [
      ...buildHead(about, now),
      ...(name === undefined ? [put('name', fields.name, { hint: hints.name })] : []),
      put('period', period, needed),
      // Show only the fields that the chosen period needs.
      ...(period === 'month' ? [put('anchor', anchor || '1', needed)] : []),
      ...(isOnce ? [put('from', fields.from, needed), put('until', fields.until, needed)] : []),
      put('base', fields.base, {
        optional: grants.length > 0,
        hint: `Credits ${isOnce ? 'in total' : 'in each period'}. Grants are added to it.`,
      }),
      ...grants.flatMap((id, index) => {
        const { name: grant, quantity, each } = fields.grants[index] ?? NO_GRANT;
        return [
          buildGrantHead(id, index + 1),
          put(`grants.${id}.name`, grant),
          put(`grants.${id}.quantity`, quantity, needed),
          put(`grants.${id}.each`, each),
        ];
      }),
      ...(grants.length < MAX_GRANTS
        ? actions(button({ action: `${live}:grant`, text: 'Add a grant (licences, seats…)' }))
        : []),
      put('max', fields.max),
      ...(part === 'pools' ? [put('priority', fields.priority)] : []),
      put('thresholds', fields.thresholds),
      put('valid_from', fields.valid_from, { hint: `${start} With a day in the past, that time is counted again.` }),
      plainContext('Costs, links and the calls that a limit counts: edit the scope as text.'),
      ...actions(button({ action: `${live}:text`, text: 'Edit as text' })),
    ];
  },
  toEdit: ({ about, ...filled }) => toPoolEdit(about, filled),
  instead: (field) => (['anchor', 'from', 'until'].includes(field) ? 'period' : 'base'),
  toField,
  toList: ({ about: { scope } }) => ({ of: 'pools', scope }),
  /** Another period or number of grants changes the fields. Their input is kept. */
  live: {
    on: live,
    async rebuild({ ctx, about, ...filled }, { action, value, build }) {
      const { scope, part, name, grants: before } = about;
      const what = action.split(':')[1];
      if (what === 'text') return TEXT_FORM.build({ scope }, await ctx.pools.show(scope));
      const grants =
        what === 'grant'
          ? [...before, Math.max(-1, ...before) + 1]
          : before.filter((grant) => what !== 'drop' || String(grant) !== value);
      const found = (await ctx.pools.list()).find((one) => one.name === scope);
      const now = found?.[part].find(({ pool }) => pool.name === name);
      const kept = { ...about, grants };
      return build(kept, { fields: readFields(kept, filled), now });
    },
  },
});

/** Builds the lines that say what the pool is now. */
function buildHead({ name, scope }: About, now: PoolSummary | undefined): Block[] {
  if (name === undefined || !now) return [];
  const planned =
    now.planned === undefined
      ? []
      : [
          richText(
            leaf(`This is planned from ${formatDate(now.planned)} on: `, { bold: true }),
            'what you save takes its place.',
          ),
        ];
  return [
    richText(leaf(clip(name, 200), { bold: true }), ` of ${clip(scope, 200)}\n${clip(describePool(now.pool), 1500)}`),
    ...planned,
  ];
}

function buildGrantHead(id: number, ordinal: number): Block {
  const spoken = `Remove grant ${ordinal}`;
  const remove = button({ action: `${live}:drop`, text: 'Remove', value: String(id), spoken });
  return { type: 'section', block_id: `grants.${id}`, text: plainText(`Grant ${ordinal}`), accessory: remove };
}

/** Returns the metadata and initial values of the form. `more`: with empty fields for one more grant. */
export function toChange(
  given: Pick<About, 'scope' | 'part'>,
  now: PoolSummary,
  more: boolean,
): Parameters<typeof POOL_FORM.build> {
  const fields = { ...toPoolFields(now.pool), valid_from: now.planned === undefined ? '' : formatDay(now.planned) };
  const grants = more ? [...fields.grants, NO_GRANT] : fields.grants;
  const about = { ...given, name: now.pool.name, basis: now.basis, grants: grants.map((_, index) => index) };
  return [about, { fields: { ...fields, grants }, now }];
}

type Typed = Pick<Filled<FormFields>, 'typed' | 'has'>;

/** Returns the change that the form asks for. */
export function toPoolEdit(about: About, filled: Typed): PoolEdit {
  const { scope, part, name, basis } = about;
  return { scope, part, name, basis, fields: readFields(about, filled) };
}

/** Reads the fields as typed, without those that only another period has. A new grant counts once. */
function readFields({ name, grants }: About, { typed, has }: Typed): PoolFields {
  const of = (id: string) => String(typed[id] ?? '');
  const period = of('period');
  const when = (kind: string, id: string) => (period === kind ? of(id) : '');
  return {
    ...{ name: name ?? of('name'), period },
    ...{ anchor: when('month', 'anchor'), from: when('once', 'from'), until: when('once', 'until') },
    ...{ base: of('base'), max: of('max'), priority: of('priority'), thresholds: of('thresholds') },
    valid_from: of('valid_from'),
    grants: grants.map((id) => ({
      name: of(`grants.${id}.name`),
      quantity: has(`grants.${id}.quantity`) ? of(`grants.${id}.quantity`) : '1',
      each: of(`grants.${id}.each`),
    })),
  };
}

/** Translates the place of a fault: the declaration numbers grants by order, the form by when they were added. */
function toField({ field, text }: FieldFault, { grants }: About): FieldFault {
  if (field === 'grants') return { field: '', text: `Grants ${text}` };
  return { field: field.replace(/^grants\.(\d+)/, (_, index) => `grants.${grants[Number(index)]}`), text };
}

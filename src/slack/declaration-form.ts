import type { DeclarationEdit, FieldFault } from '../domain/declared-fields.ts';
import { buildClients, buildScope, buildScopes } from '../messages/declaration-lists.ts';
import type { FormFields } from '../messages/form.ts';
import type { Block } from '../messages/text.ts';
import type { SlackContext } from './context.ts';
import { type Form, type FormRow, form, type Sent } from './form.ts';
import type { Faults } from './listen.ts';
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

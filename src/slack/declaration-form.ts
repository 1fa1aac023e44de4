import type { DeclarationEdit, FieldFault } from '../domain/declared-fields.ts';
import type { FormFields } from '../messages/form.ts';
import type { Block } from '../messages/text.ts';
import { placeFaults } from './form-state.ts';
import { type FormRow, form, type Listener, type Sent } from './listen.ts';
import { say } from './tell.ts';
import { updateView } from './views.ts';

interface DeclarationForm<T, F extends FormFields> extends Pick<FormRow<T, F>, 'on' | 'metadata' | 'fields' | 'live'> {
  /** The change of the declaration that the form asks for. */
  toEdit(sent: Sent<T, F>): DeclarationEdit;
  /** A field of the form, for faults of one that it lacks. */
  instead(field: string): string;
  /** The fault of a declaration by the fields of the form, where these are others. */
  toField?(fault: FieldFault, metadata: T): FieldFault;
  /** The list that the form was opened from, with what just happened. */
  buildList(sent: Sent<T, F>, said: string): Promise<Block>;
}

/** A form by which admins change the declaration; what changed is told in the list that is seen again, else in a message. */
export function declarationForm<T, F extends FormFields>(row: DeclarationForm<T, F>): Listener {
  const { toEdit, instead, toField, buildList, ...rest } = row;
  return form<T, F>({
    ...{ ...rest, needs: 'admin', again: 'pool edit' },
    async check(sent) {
      const { ctx, metadata, has } = sent;
      const shown = typeof rest.fields === 'function' ? rest.fields(metadata) : rest.fields;
      const faults = await ctx.pools.check(toEdit(sent));
      return placeFaults(
        faults.map((fault) => toField?.(fault, metadata) ?? fault),
        shown,
        has,
        instead,
      );
    },
    async run(sent) {
      const { ctx, asked, by, below } = sent;
      const lines = await ctx.pools.apply(toEdit(sent), by);
      const said = lines.length > 0 ? ['Saved:', ...lines] : [saidOf(lines)];
      const seen =
        below !== undefined && (await updateView(ctx, { id: below }, await buildList(sent, said.join('\n'))));
      if (!seen) await say(ctx, asked, said);
    },
  });
}

/** Returns the lines of a change, or that there was none. */
export function saidOf(lines: readonly string[]): string {
  return lines.join('\n') || 'Nothing differs: nothing changed.';
}

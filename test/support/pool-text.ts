import type { Block, Emulator, Interaction, View } from './emulator.ts';

/** Opens an admin's window with the declaration of pools as text. */
export async function openPoolText(slack: Emulator, { user, channel }: { user: string; channel: string }) {
  await slack.command({ user, channel, text: 'pool edit' });
  const list = await slack.waitFor(() => slack.modal(user), 'the list of pools');
  await slack.click({ user, message: list, action_id: 'pool_text' });
  return { list, form: await slack.waitFor(() => findModal(slack, user, 'Pools as text'), 'the text') };
}

/** Types a declaration of pools, as an admin does in Slack. Returns the list shown afterwards, as JSON. */
export async function typePools(
  slack: Emulator,
  { user, channel, yaml }: { user: string; channel: string; yaml: string },
): Promise<string> {
  const { list, form } = await openPoolText(slack, { user, channel });
  const given: Interaction = await slack.submitView({ user, viewId: form.id, values: { yaml } });
  if (Object.keys(given.errors).length > 0) throw new Error(JSON.stringify(given.errors));
  const before = list.hash;
  const after = await slack.waitFor(() => {
    const modal = slack.modal(user);
    return modal?.id === list.id && modal.hash !== before ? modal : undefined;
  }, 'the changes in the list');
  const shown = JSON.stringify(after);
  await slack.closeView({ user, viewId: list.id });
  return shown;
}

/** Finds the window that a person has in front, if it has this title. */
export function findModal(slack: Emulator, user: string, title: string): View | undefined {
  const modal = slack.modal(user);
  return (modal?.title as Block | undefined)?.text === title ? modal : undefined;
}

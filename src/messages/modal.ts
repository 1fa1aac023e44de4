import type { Question } from '../domain/report.ts';
import { MAX_MODAL_TITLE } from './limits.ts';
import { type Block, plainText } from './text.ts';

/** Where a form was opened, and what comes of it is told. */
export interface FormPlace {
  channel: string;
  threadTs?: string | undefined;
  /** They were in that thread, so it has replies. */
  inThread?: boolean | undefined;
}

/** The answer that a form was opened from. */
export interface AnswerReference {
  answerId?: string | undefined;
  /** What it is about, where that is short enough to travel with the form. */
  question?: Question | undefined;
  /** Of the press: a private answer is changed through it. */
  responseUrl?: string | undefined;
}

const MAX_QUESTION = 2000;

export function referTo(
  answerId: string | undefined,
  question: Question,
  responseUrl: string | undefined,
): AnswerReference {
  const short = JSON.stringify(question).length <= MAX_QUESTION;
  return { answerId, responseUrl, ...(short ? { question } : {}) };
}

export interface ModalParts {
  callback: string;
  title: string;
  submit: string;
  /** Kept with the view and handed back: what the form is about. */
  metadata: unknown;
  blocks: readonly Block[];
}

export function modal({ callback, title, submit, metadata, blocks }: ModalParts): Block {
  return {
    type: 'modal',
    callback_id: callback,
    title: plainText(title, MAX_MODAL_TITLE),
    submit: plainText(submit, MAX_MODAL_TITLE),
    close: plainText('Cancel', MAX_MODAL_TITLE),
    private_metadata: JSON.stringify(metadata),
    blocks,
  };
}

/** A window to look at and press in, with nothing to send. */
export function view({ title, metadata, blocks }: Pick<ModalParts, 'title' | 'metadata' | 'blocks'>): Block {
  return {
    type: 'modal',
    title: plainText(title, MAX_MODAL_TITLE),
    close: plainText('Close', MAX_MODAL_TITLE),
    private_metadata: JSON.stringify(metadata),
    blocks,
  };
}

export interface InputParts {
  id: string;
  label: string;
  element: Block;
  hint?: string | undefined;
  optional?: boolean | undefined;
  /** Slack tells of each change, and not only when the form is sent. */
  live?: boolean | undefined;
}

/** One field; its element has the action id `value`. */
export function input({ id, label, element, hint, optional = false, live = false }: InputParts): Block {
  return {
    type: 'input',
    block_id: id,
    label: plainText(label, 2000),
    element: { action_id: 'value', ...element },
    optional,
    ...(live ? { dispatch_action: true } : {}),
    ...(hint ? { hint: plainText(hint, 2000) } : {}),
  };
}

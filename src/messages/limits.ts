/**
 * Slack's limits on messages and views. Sources: docs.slack.dev/reference/block-kit (blocks, elements, composition objects)
 * unless another is named.
 */
export const MAX_MESSAGE_BLOCKS = 50;
export const MAX_HOME_BLOCKS = 100;
/**
 * Characters of all texts of a message, menus included. Slack counts about 12,000 with a buffer for containers
 * (slackapi/bolt-js#2509) and has refused 11,341 with `msg_blocks_too_long` (slackapi/bolt-js#2867).
 */
export const MAX_MESSAGE_CHARACTERS = 9500;
/** The `text` beside the blocks: chat.update refuses more than 4,000 characters, chat.postMessage splits them. */
export const MAX_FALLBACK_TEXT = 3900;
export const MAX_HEADER_TEXT = 150;
export const MAX_SECTION_TEXT = 3000;
export const MAX_CONTEXT_ELEMENTS = 10;
export const MAX_CONTEXT_TEXT = 2000;
export const MAX_ALT_TEXT = 2000;
/** Header row included. */
export const MAX_TABLE_ROWS = 100;
/** Our own limit: Slack takes longer cells, but nobody reads them in a column. */
export const MAX_CELL_TEXT = 500;
/** Cells and header. Slack refuses 10,000 over all tables of a message (docs.slack.dev/reference/block-kit/blocks/table-block). */
export const MAX_TABLE_CHARACTERS = 8000;
export const MAX_TABLE_COLUMNS = 20;
export const MAX_BUTTON_TEXT = 75;
export const MAX_BUTTON_VALUE = 2000;
export const MAX_LINK = 3000;
export const MAX_OPTIONS = 100;
export const MAX_OPTION_TEXT = 75;
/** The documentation says 150, the types of @slack/types 75. */
export const MAX_OPTION_VALUE = 75;
export const MAX_ROW_BUTTONS = 5;
export const MAX_CONFIRM_TITLE = 100;
export const MAX_CONFIRM_TEXT = 300;
export const MAX_CONFIRM_BUTTON = 30;
export const MAX_PLACEHOLDER = 150;
export const MAX_MODAL_TITLE = 24;
export const MAX_INPUT_TEXT = 3000;
/** Native charts, docs.slack.dev/reference/block-kit/blocks/data-visualization-block. */
export const MAX_CHART_TITLE = 50;
export const MAX_CHART_SERIES = 6;
export const MAX_CHART_POINTS = 20;
export const MAX_CHART_LABEL = 20;

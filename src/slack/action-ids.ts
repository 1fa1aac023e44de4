/** `action_id`s of everything that people press. Old messages keep theirs for ever: never change one. */
export const ACTIONS = {
  range: 'answer_range',
  drill: 'answer_drill',
  share: 'answer_share',
  unshare: 'answer_unshare',
  csv: 'answer_csv',
  more: 'answer_more',
  view: 'answer_view',
  sort: 'answer_sort',
  page: 'answer_page',
  png: 'answer_png',
  resetFilters: 'answer_reset_filters',
  /** Runs the command in its `value`, for the person who presses it alone. Several in a row: `run:1`, `run:2`… */
  run: 'run',
  /** A link button: Slack opens it and tells us. */
  link: 'link',
  /** Search in a menu of values; the dimension follows after a colon. */
  search: 'search',
  digestNew: 'digest_new',
  /** Digest buttons carry the digest's id. */
  digestPause: 'digest_pause',
  digestEdit: 'digest_edit',
  digestRemove: 'digest_remove',
  digestPreview: 'digest_preview',
  digestSend: 'digest_send',
  /** A field of its form that moves the next runs; which one follows after a colon. */
  digestWhen: 'digest_when',
  digestTakeOver: 'digest_take_over',
  /** Alert buttons carry the alert's id. */
  alertAcknowledge: 'alert_acknowledge',
  alertMute: 'alert_mute',
  /** A menu whose entries are `choice:id`. */
  alertMuteUntil: 'alert_mute_until',
  alertUnmute: 'alert_unmute',
  alertEnable: 'alert_enable',
  alertDisable: 'alert_disable',
  alertRemove: 'alert_remove',
  alertTest: 'alert_test',
  poolEdit: 'pool_edit',
} as const;

/** `callback_id`s of modals and shortcuts. */
export const CALLBACKS = {
  filters: 'filters',
  saveView: 'save_view',
  digest: 'digest',
  pools: 'pools',
  ask: 'ask',
  alert: 'alert',
  usageHere: 'usage_here',
} as const;

/** Entries of the overflow menu under an answer. */
export const MORE = {
  filters: 'filters',
  digest: 'digest',
  save: 'save',
  alert: 'alert',
  explain: 'explain',
} as const;

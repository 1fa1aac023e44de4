/** `action_id`s of all buttons and menus. Never change one: old messages keep theirs for ever. */
export const ACTIONS = {
  range: 'answer_range',
  drill: 'answer_drill',
  share: 'answer_share',
  more: 'answer_more',
  view: 'answer_view',
  /** Runs the command in its `value`; only the person who presses it sees the answer. Several in a row: `run:1`, `run:2`… */
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
  /** A field of the digest form that changes the next runs; the field's id follows after a colon. */
  digestWhen: 'digest_when',
  digestTakeOver: 'digest_take_over',
  /** Alert buttons carry the alert's id. */
  alertAcknowledge: 'alert_acknowledge',
  /** Runs the command in its value, and answers in the alert's thread. Several in a row: `alert_ask:who`… */
  alertAsk: 'alert_ask',
  alertMute: 'alert_mute',
  alertUnmute: 'alert_unmute',
  alertRemove: 'alert_remove',
  alertTest: 'alert_test',
  /** Opens the form for alert routing. */
  alertRoute: 'alert_route',
  /** Fields of that form that show other fields, and its search for groups. */
  alertForm: 'alert_form',
  alertGroup: 'alert_group',
  /** Menu of an alert for admins: `route`, or `pools:` or `mute:choice:` with the alert's id. */
  alertMore: 'alert_more',
  /** Opens the pools of the scope in its value, or of all scopes if that is empty. */
  poolEdit: 'pool_edit',
  /** Does the same in the window that is open. */
  poolScope: 'pool_scope',
  poolFind: 'pool_find',
  /** Buttons of a pool carry `{scope, name}`. */
  poolChange: 'pool_change',
  poolGrant: 'pool_grant',
  poolEnd: 'pool_end',
  clients: 'clients',
  clientEdit: 'client_edit',
  clientEnd: 'client_end',
  /** Opens the form of the scope in its value, or of a new one if that is empty. */
  scopeEdit: 'pool_scope_edit',
  /** Carries `{scope, kind}`; the kind is pool, addon or limit. */
  poolAdd: 'pool_add',
  /** Changes the form of a pool while it is filled in: its period, and its grants. */
  poolForm: 'pool_form',
  /** Opens the YAML of the scope in its value. */
  poolText: 'pool_text',
} as const;

/** Values of the entries in the menus under an answer that are not questions. */
export const MORE = {
  csv: 'csv',
  png: 'png',
  unshare: 'unshare',
  filters: 'filters',
  resetFilters: 'reset-filters',
  digest: 'digest',
  save: 'save',
  alert: 'alert',
  explain: 'explain',
} as const;

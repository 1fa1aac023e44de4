import type { Faults } from './faults.ts';
import { BOT_USER_ID, TEAM_ID } from './seed.ts';
import type { WorkspaceState } from './state.ts';
import type { JsonObject, StoredFile } from './types.ts';

/** Types a slack_file image block may show: https://docs.slack.dev/reference/block-kit/blocks/image-block */
const IMAGE_TYPES = new Set(['png', 'jpg', 'gif']);

const TEXT_TYPES: Record<string, [mimetype: string, filetype: string]> = {
  csv: ['text/csv', 'csv'],
  json: ['application/json', 'json'],
  txt: ['text/plain', 'text'],
  svg: ['image/svg+xml', 'svg'],
  pdf: ['application/pdf', 'pdf'],
};

/** Uploaded files. A file is scanned after its upload: for `delayMs` it has no mimetype and no block may show it. */
export class FileStore {
  delayMs: number;
  readonly #state: WorkspaceState;
  readonly #faults: Faults;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #tickets = new Map<string, string>();

  constructor(state: WorkspaceState, faults: Faults, delayMs: number) {
    this.#state = state;
    this.#faults = faults;
    this.delayMs = delayMs;
  }

  /** Announces a file; its bytes are expected at the upload URL of `ticket`. */
  announce(name: string, length: number, altText: string, user: string): { file: StoredFile; ticket: string } {
    const id = this.#state.nextId('F');
    const file: StoredFile = {
      id,
      name,
      title: name,
      alt_txt: altText,
      user,
      created: Math.floor(this.#state.now() / 1000),
      bytes: Buffer.alloc(0),
      length,
      uploaded: false,
      completed: false,
      ready: false,
      deleted: false,
      mimetype: '',
      filetype: '',
      shares: [],
    };
    this.#state.files.set(id, file);
    const ticket = this.#state.nextId('X');
    this.#tickets.set(ticket, id);
    return { file, ticket };
  }

  findByTicket(ticket: string): StoredFile | undefined {
    return this.#state.files.get(this.#tickets.get(ticket) ?? '');
  }

  /** Undefined for a file that was never completed, or is deleted. */
  find(id: string): StoredFile | undefined {
    const file = this.#state.files.get(id);
    return file && !file.deleted && file.completed ? file : undefined;
  }

  /** Starts the scan; `whenReady` runs after it, at once when there is no delay. */
  complete(file: StoredFile, whenReady: () => void): void {
    file.completed = true;
    const finish = () => {
      if (this.#faults.fileNeverReady || file.deleted) return;
      Object.assign(file, identify(file));
      file.ready = true;
      this.#state.changed();
      whenReady();
    };
    this.#state.changed();
    if (this.delayMs <= 0) {
      finish();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      finish();
    }, this.delayMs);
    this.#timers.add(timer);
  }

  isImage(file: StoredFile): boolean {
    return IMAGE_TYPES.has(file.filetype);
  }

  /** One sees one's own files, and those shared to a conversation one is in, or (full members) to a public channel. */
  isVisibleTo(file: StoredFile, user: string): boolean {
    const person = this.#state.users.get(user);
    const full = person && !person.is_restricted && !person.is_stranger;
    return (
      file.user === user ||
      file.shares.some(({ channel: id }) => {
        const channel = this.#state.channels.get(id);
        return channel?.members.has(user) || (full && channel?.kind === 'public');
      })
    );
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}

/** Type by content for images, by extension else; PNG and GIF sizes are read from the header. */
function identify(file: StoredFile): Pick<StoredFile, 'mimetype' | 'filetype' | 'width' | 'height'> {
  const { bytes } = file;
  if (bytes.length >= 24 && bytes.toString('latin1', 1, 4) === 'PNG') {
    return { mimetype: 'image/png', filetype: 'png', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  }
  if (bytes.length >= 10 && bytes.toString('latin1', 0, 3) === 'GIF') {
    return { mimetype: 'image/gif', filetype: 'gif', width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
  }
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return { mimetype: 'image/jpeg', filetype: 'jpg' };
  const extension = file.name.split('.').pop()?.toLowerCase() ?? '';
  const known = Object.hasOwn(TEXT_TYPES, extension) ? TEXT_TYPES[extension] : undefined;
  const [mimetype, filetype] = known ?? ['application/octet-stream', 'binary'];
  return { mimetype, filetype };
}

/** A file object as the API returns it: https://docs.slack.dev/reference/objects/file-object */
export function toFileObject(state: WorkspaceState, file: StoredFile, url: string): JsonObject {
  const address = `${url}/files-pri/${TEAM_ID}-${file.id}/${encodeURIComponent(file.name)}`;
  const shared = file.shares.map((share) => ({ ...share, kind: state.channels.get(share.channel)?.kind ?? 'public' }));
  const ids = (...kinds: string[]) => [
    ...new Set(shared.filter((share) => kinds.includes(share.kind)).map((share) => share.channel)),
  ];
  const listed = (open: boolean) =>
    Object.groupBy(
      shared
        .filter((share) => (share.kind === 'public') === open)
        .map(({ channel, ts }) => ({ channel, ts, team_id: TEAM_ID, share_user_id: file.user, reply_count: 0 })),
      (share) => share.channel,
    );
  const image = file.ready && file.width !== undefined;
  return {
    id: file.id,
    created: file.created,
    timestamp: file.created,
    name: file.name,
    title: file.title,
    mimetype: file.ready ? file.mimetype : '',
    filetype: file.ready ? file.filetype : '',
    pretty_type: file.ready ? file.filetype.toUpperCase() : '',
    user: file.user,
    user_team: TEAM_ID,
    editable: false,
    size: file.bytes.length,
    mode: 'hosted',
    is_external: false,
    external_type: '',
    is_public: ids('public').length > 0,
    public_url_shared: false,
    display_as_bot: file.user === BOT_USER_ID,
    username: '',
    url_private: address,
    url_private_download: `${address}?download=1`,
    permalink: `${url}/files/${file.user}/${file.id}/${encodeURIComponent(file.name)}`,
    ...(file.alt_txt ? { alt_txt: file.alt_txt } : {}),
    ...(image ? { original_w: file.width, original_h: file.height, thumb_360: address } : {}),
    channels: ids('public'),
    groups: ids('private'),
    ims: ids('im', 'mpim'),
    shares: { public: listed(true), private: listed(false) },
    has_more_shares: false,
    has_rich_preview: false,
    file_access: 'visible',
  };
}

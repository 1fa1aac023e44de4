import { BOT_USER_ID, TEAM_ID, type WorkspaceState } from './state.ts';
import type { ChannelKind, JsonObject, StoredFile } from './types.ts';

/** File types that an image block with a slack_file may show: https://docs.slack.dev/reference/block-kit/blocks/image-block */
const IMAGE_TYPES = ['png', 'jpg', 'gif'];

const TEXT_TYPES: Record<string, [mimetype: string, filetype: string]> = {
  csv: ['text/csv', 'csv'],
  json: ['application/json', 'json'],
  txt: ['text/plain', 'text'],
};

/** Uploaded files. Slack scans a file after its upload; until then it has no mimetype and no block may show it. */
export class FileStore {
  readonly #state: WorkspaceState;
  readonly #scan: (finish: () => void) => void;
  readonly #url: () => string;

  /** `scan` calls what it is given once the scan of a file may end. */
  constructor(state: WorkspaceState, scan: (finish: () => void) => void, url: () => string) {
    this.#state = state;
    this.#scan = scan;
    this.#url = url;
  }

  /** Registers a file. Its bytes are expected at `/upload/v1/` plus its id. */
  announce(name: string, length: number, altText: string): StoredFile {
    const file: StoredFile = {
      id: this.#state.nextId('F'),
      name,
      title: name,
      alt_txt: altText,
      user: BOT_USER_ID,
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
    this.#state.files.set(file.id, file);
    return file;
  }

  /** Finds a completed file; undefined if it was never completed or has been deleted. */
  find(id: string): StoredFile | undefined {
    const file = this.#state.files.get(id);
    return file && !file.deleted && file.completed ? file : undefined;
  }

  /** Completes an upload and scans the file; then `whenReady` runs. */
  complete(file: StoredFile, whenReady: () => void): void {
    file.completed = true;
    this.#scan(() => {
      if (file.deleted) return;
      Object.assign(file, identify(file), { ready: true });
      whenReady();
      this.#state.changed();
    });
  }

  isImage({ filetype }: StoredFile): boolean {
    return IMAGE_TYPES.includes(filetype);
  }

  /** A user sees their own files and those shared to a conversation they are in. Full members also see those of public channels. */
  isVisibleTo(file: StoredFile, user: string): boolean {
    const person = this.#state.users.get(user);
    const full = person && !person.is_restricted && !person.is_stranger;
    const places = file.shares.map(({ channel }) => this.#state.channels.get(channel)!);
    return file.user === user || places.some(({ members, kind }) => members.has(user) || (full && kind === 'public'));
  }

  /** Returns a file's url_private. Headroom never reads it. */
  addressOf(id: string): string {
    return `${this.#url()}/files-pri/${TEAM_ID}-${id}/${encodeURIComponent(this.#state.files.get(id)!.name)}`;
  }

  /** Returns the fields of a file object that Headroom reads: https://docs.slack.dev/reference/objects/file-object */
  toObject(file: StoredFile): JsonObject {
    const { id, created, name, title, alt_txt, user, ready, width } = file;
    const kindOf = (channel: string) => this.#state.channels.get(channel)!.kind;
    const ids = (...kinds: ChannelKind[]) => [
      ...new Set(file.shares.map(({ channel }) => channel).filter((channel) => kinds.includes(kindOf(channel)))),
    ];
    const shares = (open: boolean) =>
      Object.groupBy(
        file.shares
          .filter(({ channel }) => (kindOf(channel) === 'public') === open)
          .map((share) => ({ ...share, team_id: TEAM_ID, share_user_id: user, reply_count: 0 })),
        ({ channel }) => channel,
      );
    return {
      id,
      created,
      name,
      title,
      mimetype: file.mimetype,
      filetype: file.filetype,
      pretty_type: file.filetype.toUpperCase(),
      user,
      size: file.bytes.length,
      is_public: ids('public').length > 0,
      ...(alt_txt ? { alt_txt } : {}),
      ...(ready && width !== undefined ? { original_w: width, original_h: file.height } : {}),
      channels: ids('public'),
      groups: ids('private'),
      shares: { public: shares(true), private: shares(false) },
    };
  }
}

/** Finds the type of a file: images by their content (PNG with its size), others by their extension. */
function identify({ bytes, name }: StoredFile): Pick<StoredFile, 'mimetype' | 'filetype' | 'width' | 'height'> {
  if (bytes.length >= 24 && bytes.toString('latin1', 1, 4) === 'PNG')
    return { mimetype: 'image/png', filetype: 'png', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  if (bytes.toString('latin1', 0, 3) === 'GIF') return { mimetype: 'image/gif', filetype: 'gif' };
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return { mimetype: 'image/jpeg', filetype: 'jpg' };
  const known = TEXT_TYPES[name.split('.').at(-1)!.toLowerCase()];
  const [mimetype, filetype] = known ?? ['application/octet-stream', 'binary'];
  return { mimetype, filetype };
}

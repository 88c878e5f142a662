/** What passes over the MessagePort between the loader on the host page and the panel in its frame. */

/** Put in front of the loader by the server. */
export interface Settings {
  inbox: string
  /** Origin of the server, for the frame and the beacons. */
  origin: string
  name: string
  color?: string
  /** One text, or one for each language. */
  greeting?: string | Record<string, string>
  online?: boolean
  /** Default language of the inbox. */
  locale?: string
  /** The entry button: its style beyond the default, label, picture, and when it appears, in milliseconds. */
  css?: string
  /** By the first two letters of the language. */
  label?: Text
  icon?: string
  delay?: number
  /** Opens the chat in a window of its own. */
  popup?: boolean
  invite?: Invite
}

/** A text by language; '' stands for every language without one. */
export type Text = Record<string, string>

/** The invitation as the inbox has it. */
export interface Invite {
  text?: Text; accept?: Text; later?: Text
  position?: string; color?: string; image?: string; width?: number
  /** Minutes of the inbox's time east of UTC. */
  zone: number
  rules?: Rule[]
}
export interface Rule {
  name?: string; after: number; page?: string; referrer?: string; minVisits?: number; maxVisits?: number
  from?: string; to?: string; repeat?: number; once?: boolean; online?: boolean; text?: Text
}

/** What the loader gives to the part that is loaded after the page: it reports the page and invites. */
export interface Kit {
  s: Settings
  root: ShadowRoot
  store(area: 'localStorage' | 'sessionStorage', key: string, value?: string): string
  token(given?: string): string
  locale(): string
  page(): PageRef
  shown(): boolean
  track(): boolean
  /** The token by which the company says who looks at the page, if it does. */
  identity(): string | undefined
  /** The page may have changed. */
  moved(): void
  open(): void
  fire(name: string, data?: unknown): void
  /** Set by the part itself: called with each page. */
  hit?: (p: PageRef) => void
}

/** What a page of its own, or the host page, wants of the conversation. */
export interface Wish {
  team?: string; agent?: string
  /** Why a message is left instead: noagent, notinworktime or full. */
  lvtype?: string
  product?: { id?: string; name?: string; about?: string; image?: string; url?: string }
}

export interface PageRef { url: string; title: string; referrer?: string }

/** The one message that travels by postMessage, with the port. */
export interface Hello {
  parlor: 1; settings: Settings; locale: string; theme: string; token: string; page: PageRef; compact: boolean
  identity?: string | undefined
  wish?: Wish
}

export type ToPanel =
  | { t: 'show'; on: boolean }
  | { t: 'page'; page: PageRef }
  | { t: 'theme'; theme: string }
  | { t: 'locale'; locale: string }
  | { t: 'size'; compact: boolean }

export type ToHost =
  | { t: 'ready' }
  | { t: 'close' }
  /** Kept in the host's own storage, where it is first-party. */
  | { t: 'token'; token: string }
  /** `active`: a conversation runs, so the frame is worth loading on the next page at once. */
  | { t: 'unread'; n: number; active: boolean }
  | { t: 'event'; name: string; data?: unknown }

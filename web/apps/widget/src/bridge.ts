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
}

export interface PageRef { url: string; title: string; referrer?: string }

/** The one message that travels by postMessage, with the port. */
export interface Hello {
  parlor: 1; settings: Settings; locale: string; theme: string; token: string; page: PageRef; compact: boolean
  /** Pages seen before the visitor was known, oldest first, without the present one. */
  trail: PageRef[]
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

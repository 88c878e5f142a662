/**
 * The objects and events of the native contract (docs/realtime.md).
 *
 * Times are RFC 3339 UTC strings, ids opaque strings. An empty field may be absent. The event maps live here;
 * REST paths are in paths.ts.
 */

export type ErrorCode =
  | 'invalid' | 'unauthenticated' | 'forbidden' | 'not_found' | 'conflict'
  | 'too_large' | 'too_many' | 'unavailable' | 'internal'

/** The body of a refused call, the same on REST (problem+json) and in socket acknowledgements. */
export interface Problem { status?: number; code: ErrorCode; reason: string; detail?: string; message?: string; field?: string }

export type ConversationStatus = 'queued' | 'open' | 'closed'
export type Side = 'visitor' | 'agent' | 'system'
export type MessageKind = 'text' | 'image' | 'file' | 'voice' | 'note' | 'event'
export type Rule =
  | 'named_agent' | 'returning_agent' | 'last_served' | 'rotation' | 'idle' | 'least' | 'picked' | 'transfer'
export type EndBy = 'user' | 'agent' | 'timeout' | 'queue' | 'system'
export type Filter = 'away' | 'busy' | 'disconnected' | 'full' | 'other_team' | 'not_the_named_agent'

export interface Conversation {
  id: string; inbox: string; channel: string; visitor: string; visitorName: string; status: ConversationStatus
  agent?: string; agentName?: string; team?: string; requestedAgent?: string; previousAgent?: string
  priority: number; version: number; pageUrl?: string; pageTitle?: string
  createdAt: string; queuedAt: string; assignedAt?: string; closedAt?: string; endBy?: EndBy
  lastSeq: number; visibleSeq: number; lastAt: string; lastText: string; lastKind?: MessageKind; lastFrom?: Side
  /** Numbers of the last message each side has read. */
  agentRead: number; visitorRead: number
  unread: number; waitingSince?: string
}

export interface FileInfo {
  id: string; name: string; type: string; size: number
  width?: number; height?: number; duration?: number
  /** Signed, relative to the server. */
  url: string; thumb?: string
}

export interface EventLine {
  name: 'assigned' | 'transferred' | 'queued' | 'agent_lost' | 'closed'
  agent?: string; agentName?: string; team?: string; teamName?: string; by?: string; rule?: Rule
  /** What the colleague who transferred wrote; agents only. */
  note?: string
}

export interface Message {
  id: string; conversation: string; seq: number
  /** Number of the message before this one that a visitor may see. */
  prev: number
  clientId?: string; kind: MessageKind
  from: { kind: Side; id?: string; name?: string }
  text?: string; file?: FileInfo; line?: EventLine; at: string
}

export interface Visitor {
  id: string; inbox: string; name: string; email?: string; phone?: string; memo?: string; external?: string
  locale?: string; ip?: string; os?: string; browser?: string; mobile?: boolean; referrer?: string
  visits: number; firstSeen: string; lastSeen: string
}

export interface Page { id: string; url: string; title: string; at: string; until: string }

export type AgentState = 'ready' | 'busy' | 'away'
export interface AgentStatus {
  agent: string; name: string; teams: string[]; state: AgentState; reason?: string; since: string
  connected: boolean; open: number; cap: number; lastAssignedAt?: string; idleSince?: string
}
export interface Team { id: string; name: string; waiting: number; ready: number }

export interface Decision {
  agent?: string; name?: string; rule?: Rule; candidates: number
  removed?: { agent: string; name: string; filter: Filter }[]; removedMore?: number; at: string
}

export interface Session {
  agent: { id: string; name: string; email: string; username?: string; role: string; teams?: string[] }
  tenant: { id: string; name: string }
  permissions?: string[]; csrf: string; status: AgentStatus
}
export interface Counts { mine: number; queue: number; all: number; unread: number }
export interface Canned { shortcut: string; title: string; text: string }
export interface SearchHit { message: Message; visitorName: string; status: ConversationStatus }
export type View = 'mine' | 'queue' | 'all' | 'closed'

export interface VisitorState {
  conversation: string; status: ConversationStatus; agent?: { name: string }
  /** Place in the queue from 1; `ahead` is one less. */
  place?: number; ahead?: number
  lastSeq: number; visitorRead: number; agentRead: number; endBy?: EndBy
}
export interface VisitorSession {
  token: string
  visitor: { id: string; name: string }
  inbox: { id: string; name: string; color?: string; greeting: string; typingPreview: boolean }
  /** A count or a plain yes or no. */
  agentsOnline: number | boolean; maxFile: number; fileTypes?: string[]; conversation?: VisitorState
}
export interface HistoryItem { id: string; closedAt?: string; lastText: string; lastAt: string }

export type PostKind = 'text' | 'note' | 'image' | 'file'

/** Events of `/parlor/visitor`: argument and acknowledgement. */
export interface VisitorEmit {
  start: [{ team?: string; agent?: string; page?: { url: string; title: string } }, VisitorState]
  post: [{ clientId: string; kind: PostKind; text?: string; file?: string; conversation?: string }, { message: Message; state: VisitorState }]
  resume: [{ conversation: string; seq: number }, { messages?: Message[]; state?: VisitorState; reload?: boolean }]
  typing: [{ text: string }, void]
  read: [{ seq: number }, object]
  page: [{ url: string; title: string }, object]
  close: [undefined, VisitorState]
}
export interface VisitorListen {
  message: Message
  state: VisitorState
  typing: { name?: string; on: boolean }
  read: { seq: number }
}

/** Events of `/parlor/agent`: argument and acknowledgement. */
export interface AgentEmit {
  post: [{ conversation: string; clientId: string; kind: PostKind; text?: string; file?: string }, { message: Message }]
  read: [{ conversation: string; seq: number }, object]
  typing: [{ conversation: string; on: boolean }, void]
  watch: [{ conversation: string }, { conversation?: Conversation }]
  resume: [{ conversations: Record<string, number> }, { conversations?: Conversation[]; messages?: Message[]; reload?: boolean }]
}
export type Cause = 'started' | 'assigned' | 'transferred' | 'queued' | 'agent_lost' | 'closed' | 'activity'
export interface AgentListen {
  hello: { status: AgentStatus; counts: Counts; now: string }
  message: { message: Message; conversation: Conversation }
  conversation: { conversation: Conversation; before?: unknown; cause: Cause }
  typing: { conversation: string; from: 'visitor' | 'agent'; name?: string; text?: string; on: boolean }
  read: { conversation: string; side: 'visitor' | 'agent'; seq: number; unread: number }
  agent: AgentStatus
  visitor: { visitor: Visitor; page?: Page }
  counts: Counts
}

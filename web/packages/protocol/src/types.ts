import type { components, paths } from './schema'

/**
 * The objects and events of the native contract (docs/realtime.md). The objects are those of the server's own document
 * (schema.d.ts, made by `npm run gen:api`); the maps of realtime events are written here.
 *
 * Times are RFC 3339 UTC strings, ids opaque strings. An empty field may be absent.
 */
type Schemas = components['schemas']
/** Every object of the server's document by its name. */
export type Schema = Schemas

export type ErrorCode =
  | 'invalid' | 'unauthenticated' | 'forbidden' | 'not_found' | 'conflict'
  | 'too_large' | 'too_many' | 'unavailable' | 'internal'

/** The body of a refused call: problem+json on REST, a shorter form with `message` in socket acknowledgements. */
export type Problem = Partial<Schemas['Problem']> & { code: ErrorCode; reason: string; message?: string }

/** The answer to a call, by its path in the document. */
export type Answer<P extends keyof paths, M extends 'get' | 'post' = 'get'> =
  paths[P][M] extends { responses: { 200: { content: { 'application/json': infer R } } } } ? R : never

export type Conversation = Schemas['Conversation']
export type FileInfo = Schemas['File']
export type Message = Schemas['Message']
export type Visitor = Schemas['Visitor']
export type Page = Schemas['Page']
export type AgentStatus = Schemas['AgentStatus']
export type AgentState = Schemas['StateInputBody']['state']
export type Decision = Schemas['Decision']
export type Session = Schemas['Me']
export type Counts = Schemas['Counts']
export type Canned = Schemas['Canned']
export type Handover = Schemas['Handover']
export type QueueItem = Schemas['QueueItem']
export type WhyNot = Schemas['WhyNot']
export type Mention = Schemas['Mention']
export type Draft = Schemas['Draft']
export type Tag = Schemas['Tag']
export type Remark = Schemas['Remark']
export type Chat = Schemas['Chat']
export type ColleagueGroup = Schemas['Group']
export type Block = Schemas['Block']
export type ImportReport = Schemas['ImportReport']
export type Summary = Schemas['Summary']
export type FieldValue = Schemas['FieldValue']
export type VisitorField = Schemas['VisitorField']
export type OnlineVisitor = Schemas['OnlineVisitor']
export type Invitation = Schemas['Invitation']
export type LeaveMessage = Schemas['LeaveMessage']
export type SurveyView = Schemas['SurveyView']
export type Visit = Schemas['Visit']
export type SearchHit = Schemas['Hit']
export type RobotNote = Schemas['RobotNote']
export type View = NonNullable<NonNullable<paths['/api/parlor/v1/conversations']['get']['parameters']['query']>['view']>
export type VisitorState = Schemas['VisitorState']
export type VisitorSession = Schemas['Arrived']
export type HistoryItem = Schemas['PastConversation']
export type SurveyForm = Schemas['VisitorSurvey']
export type PostKind = Schemas['PostInputBody']['kind']

/** A change of a picture that is drawn on together. */
export interface CanvasChanged { canvas: Schemas['Canvas']; change: 'mark' | 'undo' | 'clear' | 'layer'; mark?: Schemas['Mark']; gone?: string; author?: string }
/** A mark that is being drawn; without points it was given up. */
export interface CanvasStroke { canvas: string; conversation: string; shape: Schemas['Shape']; by: 'agent' | 'visitor'; author?: string; name?: string }
interface CanvasEmit {
  'canvas-open': [{ canvas?: string }, Schemas['OpenCanvas']]
  'canvas-stroke': [{ canvas: string; shape: Schemas['Shape'] }, object]
  'canvas-mark': [{ canvas: string; shape: Schemas['Shape'] }, Schemas['Mark']]
  'canvas-undo': [{ canvas: string; mark?: string }, Schemas['Canvas']]
}
interface CanvasListen { canvas: CanvasChanged; 'canvas-stroke': CanvasStroke }

export type Call = Schemas['CallItem']
export type CallRecord = Schemas['CallRecord']
/** A call with what one side needs to take part. */
export interface CallJoined { call: Call; ticket: string; iceServers?: RTCIceServer[] }
/** What one browser of a call tells the other. */
export interface CallSignal { call: string; from: 'agent' | 'visitor'; type: 'ready' | 'offer' | 'answer' | 'candidate' | 'state' | 'device' | 'board'; data: string }
/** The events of calls, the same for both sides. */
export interface CallEmit {
  'call-invite': [{ conversation: string; kind: Call['kind'] }, CallJoined]
  'call-accept': [{ call: string }, CallJoined]
  'call-join': [{ call: string }, CallJoined]
  'call-ring': [{ call: string }, object]
  'call-board': [{ call: string }, object]
  'call-leave': [{ call: string; failed?: boolean }, { call: Call }]
  'call-ping': [{ call: string; ticket: string; quality?: { loss: number; rtt: number; relayed: boolean } }, { ticket: string }]
  'call-now': [{ conversation: string }, { call?: Call }]
  'call-signal': [{ ticket: string; type: CallSignal['type']; data: string }, object]
}
export interface CallListen { call: { call: Call }; 'call-signal': CallSignal }

/** Events of `/parlor/visitor`: argument and acknowledgement. */
export interface VisitorEmit extends CanvasEmit, CallEmit {
  start: [{ team?: string; agent?: string; page?: { url: string; title: string }; robot?: boolean }, VisitorState]
  post: [{ clientId: string; kind: PostKind; text?: string | undefined; file?: string | undefined; duration?: number | undefined; conversation?: string | undefined; ext?: object | undefined }, { message: Message; state: VisitorState }]
  resume: [{ conversation: string; seq: number }, { messages?: Message[]; state?: VisitorState; reload?: boolean }]
  typing: [{ text: string }, void]
  read: [{ seq: number }, object]
  page: [{ url: string; title: string }, object]
  close: [undefined, VisitorState]
}
export interface VisitorListen extends CanvasListen, CallListen {
  message: Message
  state: VisitorState
  typing: { name?: string; on: boolean }
  read: { seq: number }
  survey: { conversation: string }
}

/** Events of `/parlor/agent`: argument and acknowledgement. */
export interface AgentEmit extends CanvasEmit, CallEmit {
  'canvas-start': [{ conversation: string; seq?: number; file?: string; clientId: string }, { canvas: Schemas['Canvas']; message: Message }]
  'canvas-clear': [{ canvas: string }, Schemas['Canvas']]
  post: [{ conversation: string; clientId: string; kind: PostKind; text?: string; file?: string; ext?: object }, { message: Message }]
  read: [{ conversation: string; seq: number }, object]
  typing: [{ conversation: string; on: boolean }, void]
  watch: [{ conversation: string }, { conversation?: Conversation; viewers?: Viewer[] }]
  recall: [{ conversation: string; seq: number }, { message: Message }]
  online: [{ on: boolean }, object]
  draft: [{ conversation: string; text: string; note?: boolean; origin?: string }, Draft]
  colleague: [{ to?: string; group?: string; text: string }, Remark]
  'colleague-read': [{ peer: string }, { peer: string; unread: number }]
  resume: [{ conversations: Record<string, number> }, { conversations?: Conversation[]; messages?: Message[]; reload?: boolean }]
}
/** An agent who has a conversation on screen. */
export interface Viewer { agent: string; name: string; typing: boolean; since: string }
export type Cause = 'started' | 'assigned' | 'transferred' | 'queued' | 'agent_lost' | 'closed' | 'activity'
export interface AgentListen extends CanvasListen, CallListen {
  hello: { status: AgentStatus; counts: Counts; now: string }
  message: { message: Message; conversation: Conversation }
  conversation: { conversation: Conversation; before?: unknown; cause: Cause }
  typing: { conversation: string; from: 'visitor' | 'agent'; name?: string; text?: string; on: boolean }
  read: { conversation: string; side: 'visitor' | 'agent'; seq: number; unread: number }
  agent: AgentStatus
  visitor: { visitor: Visitor; page?: Page }
  counts: Counts
  offer: { conversation: string; team?: string }
  spilled: { conversation: string; from: string; fromName: string; to?: string; toName?: string; waiting: number }
  handover: Handover & { state: 'offered' | 'accepted' | 'declined' | 'expired' | 'withdrawn' }
  recalled: { message: Message; conversation: Conversation }
  edited: { message: Message; conversation: Conversation }
  mention: { agent: string; mention?: Mention; unread: number }
  draft: Draft
  params: { conversation: string; params: Record<string, string> }
  viewers: { conversation: string; viewers: Viewer[] }
  tags: { conversation: string; tags: string[]; version: number; by: string }
  'visitor-tags': { visitor: string; tags: string[]; by: string }
  colleague: Remark
  'colleague-changed': { read?: { peer: string; unread: number }; group?: ColleagueGroup }
  canned: object
  summary: object
  'visitor-fields': object
  contact: { contact: string; visitors: string[] }
  survey: object
  export: { export: Schemas['Export']; gone?: boolean }
  online: { rows?: OnlineVisitor[]; gone?: string[]; more?: boolean }
  invitation: { invitation: Invitation }
  leave: { message?: LeaveMessage; new?: boolean }
}

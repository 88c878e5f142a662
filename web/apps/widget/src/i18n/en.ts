/** The panel's texts. The other languages have the same shape, which the compiler checks. */
const en = {
  online: 'We usually answer within a minute', offline: 'Nobody is online right now. Leave a message and we will get back to you.', with: (name: string) => `${name} is helping you`, connecting: 'Connecting…',
  close: 'Close chat', placeholder: 'Write a message…', send: 'Send', attach: 'Send a picture or a file', emoji: 'Emoji', log: 'Conversation',
  queue: (ahead: number) => (ahead === 0 ? 'You are next in line' : ahead === 1 ? 'There is 1 person ahead of you' : `There are ${ahead} people ahead of you`), queueHint: 'You can write already; we will see it.',
  lost: 'Connection lost. Reconnecting…', lostHint: 'Your messages are kept and sent as soon as it is back.', sending: 'Sending', waits: 'Waiting for the connection', sent: 'Sent', read: 'Read', failed: 'Not sent', retry: 'Try again', discard: 'Discard',
  voice: 'Voice message', typing: (name: string) => `${name} is typing`, preview: 'The agent may see it before you send.', agent: 'Agent', you: 'You',
  today: 'Today', yesterday: 'Yesterday', older: 'Show earlier messages', history: 'Earlier conversations', back: 'Back', drop: 'Drop files here',
  closed: 'This conversation has ended.', again: 'Start a new conversation', menu: 'More',
  assigned: (name: string) => `${name} has joined`, transferred: (name: string) => `You are now talking to ${name}`, queued: 'You are in the queue', lostAgent: 'Our colleague lost the connection. We are finding someone for you.', ended: 'The conversation has ended',
  broken: 'The chat could not be loaded.', enlarge: 'Enlarge picture', newMessage: 'New messages',
}
export type Texts = typeof en
export default en

import type { Texts } from './en'

const zh: Texts = {
  online: '通常一分钟内回复', offline: '客服目前不在线，请留言，我们会尽快回复您。', with: (name) => `${name} 为您服务`, connecting: '正在连接…',
  close: '收起聊天', placeholder: '请输入消息…', send: '发送', attach: '发送图片或文件', emoji: '表情', log: '对话内容',
  queue: (ahead) => (ahead === 0 ? '下一位就是您' : `您前面还有 ${ahead} 人`), queueHint: '可以先描述问题，客服接入后就能看到。',
  lost: '连接已断开，正在重新连接…', lostHint: '您的消息已保存，恢复后会自动发送。', sending: '发送中', waits: '等待连接', sent: '已发送', read: '已读', failed: '发送失败', retry: '重试', discard: '删除',
  voice: '语音消息', typing: (name) => `${name} 正在输入`, preview: '发送前，客服可能会看到您正在输入的内容。', agent: '客服', you: '我',
  today: '今天', yesterday: '昨天', older: '查看更早的消息', history: '历史会话', back: '返回', drop: '松开即可发送文件',
  closed: '本次会话已结束。', again: '发起新的会话', menu: '更多',
  assigned: (name) => `${name} 已接入，为您服务`, transferred: (name) => `已为您转接给 ${name}`, queued: '已进入排队', lostAgent: '客服掉线了，正在为您重新安排。', ended: '会话已结束',
  broken: '聊天窗口加载失败。', enlarge: '查看大图', newMessage: '新消息',
}
export default zh

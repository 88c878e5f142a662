import type { Words } from './api'

/** What a robot says where nothing else is set, as internal/robot has it; shown in place of an empty text. */
export const BUILTIN: Record<string, Words> = {
  unknown: { 'zh-CN': '抱歉，我没有理解您的问题，请换一种说法再试一次。', en: 'Sorry, I did not understand that. Could you put it differently?', 'pt-BR': 'Desculpe, não entendi. Pode perguntar de outra forma?' },
  suggest: { 'zh-CN': '您是想问：', en: 'Did you mean:', 'pt-BR': 'Você quis dizer:' },
  handing: { 'zh-CN': '正在为您转接人工客服，请稍候。', en: 'I am bringing you to a person. One moment, please.', 'pt-BR': 'Vou transferir você para um atendente. Um momento, por favor.' },
  waiting: { 'zh-CN': '现在没有客服在线，已为您排队，客服上线后会尽快为您服务。', en: 'Nobody is here right now. You are in the queue, and somebody will answer as soon as possible.', 'pt-BR': 'Não há ninguém disponível agora. Você está na fila e será atendido assim que possível.' },
  nobody: { 'zh-CN': '抱歉，现在没有人工客服在线。我会继续为您服务，您也可以留言。', en: 'Sorry, nobody is here right now. I will stay with you, and you can leave a message.', 'pt-BR': 'Desculpe, não há ninguém disponível agora. Continuo aqui, e você pode deixar uma mensagem.' },
  solved: { 'zh-CN': '很高兴能帮到您！', en: 'Glad I could help!', 'pt-BR': 'Que bom que ajudei!' },
  unsolved: { 'zh-CN': '很抱歉没能解决您的问题，请再描述一下，或者转人工客服。', en: 'Sorry that this did not help. Tell me more, or ask for a person.', 'pt-BR': 'Desculpe por não ter ajudado. Conte mais ou peça um atendente.' },
}

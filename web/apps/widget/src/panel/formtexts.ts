/** The texts of the forms, loaded with them. */
const en = {
  name: 'Name', email: 'E-mail', phone: 'Phone', address: 'Address', qq: 'QQ', content: 'Message', required: 'required', start: 'Start chat', send: 'Send message', sending: 'Sending…',
  before: 'Before we begin', beforeLead: 'Tell us who you are, so that we can help you faster.', leave: 'Leave a message', thanks: 'Thank you. We will get back to you.', more: 'Write another message', team: 'Who would you like to talk to?', any: 'Anybody',
  opens: (when: string) => `We are back ${when}.`, missing: 'Please fill in this field.', badEmail: 'This is not an e-mail address.', badNumber: 'This is not a number.', tooLong: 'This is too long.', failed: 'This could not be sent. Please try again.', often: 'You have sent several messages already. Please try again later.',
  rate: 'How was our service?', why: 'What could be better?', comment: 'Anything else?', submit: 'Send', later: 'Not now', rated: 'Thank you for your answer.', change: 'Change', agree: 'I agree', product: 'You are looking at', full: 'Too many people are waiting at the moment. Please leave a message.', off: 'Messages cannot be left at the moment.', place: 'You keep your place in the queue.', wait: 'Go on waiting', back: 'Back to the chat',
}
type Texts = typeof en
const zh: Texts = {
  name: '姓名', email: '邮箱', phone: '电话', address: '地址', qq: 'QQ', content: '内容', required: '必填', start: '开始咨询', send: '提交留言', sending: '正在提交…',
  before: '咨询前', beforeLead: '请留下您的信息，方便我们更快地为您服务。', leave: '留言', thanks: '留言已提交，我们会尽快与您联系。', more: '再写一条留言', team: '请选择咨询的部门', any: '不限',
  opens: (when) => `下次开放时间：${when}。`, missing: '请填写此项。', badEmail: '邮箱格式不正确。', badNumber: '号码格式不正确。', tooLong: '内容过长。', failed: '提交失败，请重试。', often: '您已提交多条留言，请稍后再试。',
  rate: '请评价本次服务', why: '哪些方面需要改进？', comment: '您的建议', submit: '提交', later: '暂不评价', rated: '感谢您的评价。', change: '修改', agree: '我同意', product: '您正在浏览', full: '当前排队人数较多，请您留言。', off: '暂时无法留言。', place: '您的排队位置会保留。', wait: '继续排队', back: '返回会话',
}
const pt: Texts = {
  name: 'Nome', email: 'E-mail', phone: 'Telefone', address: 'Endereço', qq: 'QQ', content: 'Mensagem', required: 'obrigatório', start: 'Iniciar conversa', send: 'Enviar mensagem', sending: 'Enviando…',
  before: 'Antes de começar', beforeLead: 'Diga quem você é para ajudarmos mais rápido.', leave: 'Deixe uma mensagem', thanks: 'Obrigado. Entraremos em contato.', more: 'Escrever outra mensagem', team: 'Com quem você quer falar?', any: 'Qualquer pessoa',
  opens: (when) => `Voltamos ${when}.`, missing: 'Preencha este campo.', badEmail: 'Este não é um e-mail válido.', badNumber: 'Este não é um número válido.', tooLong: 'Texto longo demais.', failed: 'Não foi possível enviar. Tente de novo.', often: 'Você já enviou várias mensagens. Tente mais tarde.',
  rate: 'Como foi nosso atendimento?', why: 'O que pode melhorar?', comment: 'Algo mais?', submit: 'Enviar', later: 'Agora não', rated: 'Obrigado pela resposta.', change: 'Alterar', agree: 'Concordo', product: 'Você está vendo', full: 'Muitas pessoas estão esperando. Por favor, deixe uma mensagem.', off: 'Não é possível deixar mensagens agora.', place: 'Seu lugar na fila continua guardado.', wait: 'Continuar na fila', back: 'Voltar à conversa',
}
export const formTexts = (): Texts => ({ zh, en, pt })[document.documentElement.lang.slice(0, 2) as 'zh'] ?? en

/** The texts of the page of the video counter; what the company says itself comes with its settings. */
const en = {
  title: 'Video service', loading: 'Connecting…', broken: 'The video counter is not available. Please try again later.', waiting: 'Talk to us face to face. We need your camera and microphone for it.', waitingOff: 'Talk to us face to face. Your camera stays off until you switch it on.',
  start: 'Start video call', asking: 'Please allow the camera and microphone…', denied: 'Without a microphone you cannot be heard. Allow camera and microphone for this page, then try again.', failed: 'That did not work. Please try again.',
  calling: 'Please wait a moment; somebody will be with you shortly.', next: 'You are next in line', ahead: (n: number) => (n === 1 ? 'There is 1 person ahead of you' : `There are ${n} people ahead of you`), ringing: (name: string) => `Calling ${name}…`, cancel: 'Stop waiting',
  connected: (name: string) => `You are talking to ${name}`, ending: 'Thank you for calling.', again: 'Call again', close: 'Close', lost: 'Connection lost. Reconnecting…', you: 'Your picture',
  ends: { declined: 'The call could not be taken. We may call you back here.', no_answer: 'Nobody answered.', ping_lost: 'The call was cut off.', failed: 'No connection was possible.', conversation_closed: 'The session has ended.', closed: 'The session has ended.' } as Record<string, string>,
}
export type Words = typeof en
const zh: Words = {
  title: '视频客服', loading: '正在连接…', broken: '视频服务暂不可用，请稍后再试。', waiting: '与客服面对面沟通，需要使用您的摄像头和麦克风。', waitingOff: '与客服面对面沟通。您的摄像头默认关闭，可随时打开。',
  start: '发起视频通话', asking: '请允许使用摄像头和麦克风…', denied: '没有麦克风，对方听不到您。请允许本页面使用摄像头和麦克风后重试。', failed: '操作未成功，请重试。',
  calling: '请稍候，客服马上为您服务。', next: '您排在第一位', ahead: (n) => `您前面还有 ${n} 人`, ringing: (name) => `正在呼叫 ${name}…`, cancel: '放弃等待',
  connected: (name) => `正在与 ${name} 通话`, ending: '感谢您的来电。', again: '再次呼叫', close: '关闭', lost: '网络中断，正在重新连接…', you: '您的画面',
  ends: { declined: '客服暂时无法接听，稍后可能会在此回呼您。', no_answer: '无人接听。', ping_lost: '通话已中断。', failed: '无法接通。', conversation_closed: '会话已结束。', closed: '会话已结束。' },
}
const pt: Words = {
  title: 'Atendimento por vídeo', loading: 'Conectando…', broken: 'O atendimento por vídeo não está disponível. Tente mais tarde.', waiting: 'Fale conosco cara a cara. Para isso precisamos da sua câmera e do seu microfone.', waitingOff: 'Fale conosco cara a cara. Sua câmera fica desligada até você ligá-la.',
  start: 'Iniciar chamada de vídeo', asking: 'Permita o uso da câmera e do microfone…', denied: 'Sem microfone não conseguimos ouvir você. Permita câmera e microfone nesta página e tente de novo.', failed: 'Não deu certo. Tente de novo.',
  calling: 'Aguarde um momento; já vamos atender você.', next: 'Você é o próximo da fila', ahead: (n) => (n === 1 ? 'Há 1 pessoa na sua frente' : `Há ${n} pessoas na sua frente`), ringing: (name) => `Chamando ${name}…`, cancel: 'Desistir',
  connected: (name) => `Você está falando com ${name}`, ending: 'Obrigado pelo contato.', again: 'Ligar de novo', close: 'Fechar', lost: 'Conexão perdida. Reconectando…', you: 'Sua imagem',
  ends: { declined: 'A chamada não pôde ser atendida. Podemos ligar de volta por aqui.', no_answer: 'Ninguém atendeu.', ping_lost: 'A chamada caiu.', failed: 'Não foi possível conectar.', conversation_closed: 'O atendimento terminou.', closed: 'O atendimento terminou.' },
}
export const wordsOf = (lang: string): Words => ({ zh, en, pt })[lang.slice(0, 2) as 'zh'] ?? en

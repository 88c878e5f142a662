import type { Texts } from './en'

const pt: Texts = {
  online: 'Costumamos responder em um minuto', offline: 'Ninguém está online agora. Deixe uma mensagem e responderemos em breve.', with: (name) => `${name} está atendendo você`, connecting: 'Conectando…',
  close: 'Fechar o chat', placeholder: 'Escreva uma mensagem…', send: 'Enviar', attach: 'Enviar imagem ou arquivo', emoji: 'Emoji', log: 'Conversa',
  queue: (ahead) => (ahead === 0 ? 'Você é o próximo' : ahead === 1 ? 'Há 1 pessoa na sua frente' : `Há ${ahead} pessoas na sua frente`), queueHint: 'Já pode escrever: veremos sua mensagem.',
  lost: 'Conexão perdida. Reconectando…', lostHint: 'Suas mensagens estão guardadas e serão enviadas depois.', sending: 'Enviando', waits: 'Aguardando a conexão', sent: 'Enviada', read: 'Lida', failed: 'Não enviada', retry: 'Tentar de novo', discard: 'Descartar',
  voice: 'Mensagem de voz', typing: (name) => `${name} está digitando`, preview: 'O atendente pode ver antes do envio.', agent: 'Atendente', you: 'Você',
  today: 'Hoje', yesterday: 'Ontem', older: 'Ver mensagens anteriores', history: 'Conversas anteriores', back: 'Voltar', drop: 'Solte os arquivos aqui',
  closed: 'Esta conversa foi encerrada.', again: 'Iniciar nova conversa', menu: 'Mais',
  assigned: (name) => `${name} entrou na conversa`, transferred: (name) => `Agora você fala com ${name}`, queued: 'Você está na fila', lostAgent: 'O atendente perdeu a conexão. Estamos buscando outra pessoa.', ended: 'Conversa encerrada',
  broken: 'O chat não pôde ser aberto.', enlarge: 'Ampliar imagem', newMessage: 'Novas mensagens',
}
export default pt

package setting

import (
	"slices"
	"strings"
)

// The names of the prompts (对话提示语), as the UCKeFu contract has them where it has them.
const (
	PromptWelcome      = "sessionmsg"        // opens the window
	PromptConnected    = "successmsg"        // {agent}
	PromptQueued       = "agentbusymsg"      // {num} ahead, {index} place
	PromptNobody       = "noagentmsg"        // nobody is available; {num}
	PromptClosed       = "notinwhmsg"        // outside working hours
	PromptEnded        = "finessmsg"         // the conversation is over
	PromptTransferred  = "transmsg"          // {agent}
	PromptRate         = "satisftext"        // please rate; {agent}
	PromptIdle         = "timeoutmsg"        // are you still there
	PromptIdleEnd      = "retimeoutmsg"      // closed for silence
	PromptLate         = "agenttimeoutmsg"   // the agent takes long
	PromptQueueTimeout = "quenetimeoutmsg"   // waited too long
	PromptQueueWarn    = "quenewarnmsg"      // the waiting ends soon
	PromptHoldEnd      = "holdendmsg"        // closed after a long time on hold
	PromptTooLong      = "servicetimeoutmsg" // the conversation reached its longest time
	PromptRequeued     = "requenemsg"        // the agent was lost, waiting again
	PromptLost         = "lostmsg"           // the agent was lost, over
	PromptService      = "servicename"       // the name under which the system speaks
	PromptCut          = "toolongmsg"        // {num} characters were kept
)

// builtin are the prompts where nobody sets others.
var builtin = map[string]Text{
	PromptWelcome:      {"zh-CN": "您好，请问有什么可以帮您？", "en": "Hello! How can we help?", "pt-BR": "Olá! Como podemos ajudar?"},
	PromptConnected:    {"zh-CN": "您好，{agent}很高兴为您服务。", "en": "You are now talking to {agent}.", "pt-BR": "Você está falando com {agent}."},
	PromptQueued:       {"zh-CN": "客服正忙，您排在第 {index} 位，前面还有 {num} 位访客，请稍候。", "en": "Everyone is busy. You are number {index} in the queue, {num} ahead of you.", "pt-BR": "Todos estão ocupados. Você é o número {index} da fila, {num} à sua frente."},
	PromptNobody:       {"zh-CN": "现在没有客服在线。您可以先留言，客服上线后会尽快回复您。", "en": "Nobody is online right now. Leave a message and we will get back to you.", "pt-BR": "Ninguém está online agora. Deixe uma mensagem e responderemos em breve."},
	PromptClosed:       {"zh-CN": "现在是非工作时间，请您留言，我们会在工作时间回复您。", "en": "We are closed at the moment. Leave a message and we will answer when we open.", "pt-BR": "Estamos fechados no momento. Deixe uma mensagem e responderemos ao abrir."},
	PromptEnded:        {"zh-CN": "本次对话已经结束，感谢您的咨询。", "en": "This conversation has ended. Thank you for writing to us.", "pt-BR": "Esta conversa foi encerrada. Obrigado pelo contato."},
	PromptTransferred:  {"zh-CN": "您的对话已转接，{agent}将继续为您服务。", "en": "Your conversation was handed to {agent}.", "pt-BR": "Sua conversa foi transferida para {agent}."},
	PromptRate:         {"zh-CN": "请您对本次服务做出评价。", "en": "Please rate this conversation.", "pt-BR": "Por favor, avalie este atendimento."},
	PromptIdle:         {"zh-CN": "您好，请问您还在吗？", "en": "Are you still there?", "pt-BR": "Você ainda está aí?"},
	PromptIdleEnd:      {"zh-CN": "由于您长时间没有回复，本次对话已结束。", "en": "This conversation was closed because we did not hear from you.", "pt-BR": "Esta conversa foi encerrada por falta de resposta."},
	PromptLate:         {"zh-CN": "抱歉让您久等了，客服正在处理，请稍候。", "en": "Sorry to keep you waiting. We will be with you shortly.", "pt-BR": "Desculpe a espera. Já vamos responder."},
	PromptQueueTimeout: {"zh-CN": "抱歉，客服仍然繁忙，请您留言，我们会尽快回复。", "en": "Sorry, everyone is still busy. Please leave a message.", "pt-BR": "Desculpe, todos continuam ocupados. Por favor, deixe uma mensagem."},
	PromptQueueWarn:    {"zh-CN": "抱歉，客服仍在忙，本次排队即将结束。", "en": "Sorry, everyone is still busy. Your wait will end soon.", "pt-BR": "Desculpe, todos continuam ocupados. Sua espera terminará em breve."},
	PromptHoldEnd:      {"zh-CN": "本次对话搁置时间过长，现已结束。", "en": "This conversation was on hold for a long time and was closed.", "pt-BR": "Esta conversa ficou muito tempo em espera e foi encerrada."},
	PromptTooLong:      {"zh-CN": "本次对话已达到最长时间，现已结束。", "en": "This conversation has reached its longest time and was closed.", "pt-BR": "Esta conversa atingiu o tempo máximo e foi encerrada."},
	PromptRequeued:     {"zh-CN": "客服暂时离开，正在为您重新安排，请稍候。", "en": "Your agent had to leave. We are finding another one for you.", "pt-BR": "Seu atendente precisou sair. Estamos procurando outro para você."},
	PromptLost:         {"zh-CN": "您与客服的对话已经断开，请重新发起咨询。", "en": "The connection to your agent was lost. Please start again.", "pt-BR": "A conexão com o atendente foi perdida. Por favor, comece de novo."},
	PromptService:      {"zh-CN": "系统消息", "en": "Notice", "pt-BR": "Aviso"},
	PromptCut:          {"zh-CN": "消息过长，只保留了前 {num} 个字。", "en": "The message was too long: its first {num} characters were kept.", "pt-BR": "A mensagem era longa demais: foram mantidos os primeiros {num} caracteres."},
}

// PromptNames returns the names of all prompts, in no order.
func PromptNames() []string {
	names := make([]string, 0, len(builtin))
	for n := range builtin {
		names = append(names, n)
	}
	return names
}

// Builtin returns the built-in text of a prompt.
func Builtin(name string) Text { return builtin[name] }

// Prompt returns a prompt in a language with its placeholders as they are: the
// text that is set, else the built-in one. A language that is not one of
// Languages is the first of them. An unknown name is "".
func (s Service) Prompt(name, lang string) string {
	if !slices.Contains(Languages, lang) {
		lang = Languages[0]
	}
	if t := s.Prompts[name].In(lang); t != "" {
		return t
	}
	return builtin[name][lang]
}

// Fill replaces placeholders: Fill(s, "agent", "Li") replaces {agent}.
func Fill(s string, pairs ...string) string {
	list := make([]string, len(pairs))
	for i, p := range pairs {
		if i%2 == 0 {
			p = "{" + p + "}"
		}
		list[i] = p
	}
	return strings.NewReplacer(list...).Replace(s)
}

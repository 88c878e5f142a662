package uckefu

import (
	"html"
	"strconv"
	"strings"

	"parlor/internal/account"
)

// texts are the built-in prompts (对话提示语) by the contract's names; an inbox
// may replace each of them in its settings.
var texts = map[string]string{
	"successmsg":   "您好，{agent}很高兴为您服务。",
	"agentbusymsg": "客服正忙，您排在第 {index} 位，前面还有 {num} 位访客，请稍候。",
	"noagentmsg":   "现在没有客服在线。您可以先留言，客服上线后会尽快回复您。",
	"finessmsg":    "本次对话已经结束，感谢您的咨询。",
	"transmsg":     "您的对话已转接，{agent}将继续为您服务。",
	"requenemsg":   "客服暂时离开，正在为您重新安排，请稍候。",
	"lostmsg":      "您与客服的对话已经断开，请重新发起咨询。",
}

func prompt(in account.Inbox, name string) string {
	if s := in.Settings.Texts[name]; s != "" {
		return s
	}
	return texts[name]
}

// withAgent puts an agent's name into a prompt, in the element that pages look for.
func withAgent(s, name string) string {
	return strings.ReplaceAll(s, "{agent}", "<span id='agentno'>"+html.EscapeString(name)+"</span>")
}

// withPlace puts a place in the queue into a prompt; place counts from 1.
func withPlace(s string, place int) string {
	n := func(v int) string { return "<span id='queneindex'>" + strconv.Itoa(v) + "</span>" }
	return strings.NewReplacer("{num}", n(max(place-1, 0)), "{index}", n(place)).Replace(s)
}

package easemob

import (
	"context"
	"strconv"

	"parlor/internal/alarm"
	"parlor/internal/robot"
	"parlor/internal/setting"
)

// alarmTexts are what alarms say, by rule; {who}, {value} and {limit} are filled in.
var alarmTexts = map[alarm.Rule]setting.Text{
	alarm.Unanswered: {"": "访客 {who} 已等待客服回复 {value} 秒，超过 {limit} 秒", "en": "{who} has waited {value} s for an answer, more than {limit} s",
		"pt-BR": "{who} espera uma resposta há {value} s, mais que {limit} s"},
	alarm.Promised: {"": "访客 {who} 已排队 {value} 秒，超过承诺的 {limit} 秒", "en": "{who} has waited {value} s for an agent, more than the {limit} s promised",
		"pt-BR": "{who} espera um atendente há {value} s, mais que os {limit} s prometidos"},
	alarm.LongQueue: {"": "技能组 {who} 排队 {value} 人，超过 {limit} 人", "en": "{value} visitors wait for {who}, more than {limit}",
		"pt-BR": "{value} visitantes esperam por {who}, mais que {limit}"},
}

// alarmRules are the names of rules on the wire.
var alarmRules = map[alarm.Rule]string{alarm.Unanswered: "agentReplyTimeout", alarm.Promised: "waitingTimeout", alarm.LongQueue: "queueTooLong"}

// monitorAlarms lists what goes wrong now, the newest first.
func (f *Front) monitorAlarms(ctx context.Context, c *call) (any, error) {
	page, size, err := c.page()
	if err != nil {
		return nil, err
	}
	book, err := f.Accounts.Book(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	all, err := f.Alarms.Standing(ctx, c.who)
	if err != nil {
		return nil, err
	}
	from := min((page-1)*size, len(all))
	out := []object{}
	for _, a := range all[from:min(from+size, len(all))] {
		out = append(out, alarmOf(a, book.Tenant.Number, c.Header.Get("Accept-Language")))
	}
	return list{entities: out, total: len(all)}, nil
}

// alarmOf is an alarm on the wire.
func alarmOf(a alarm.Alarm, tenant int64, locale string) object {
	who := a.VisitorName
	if a.Rule == alarm.LongQueue {
		who = a.TeamName
	}
	name := alarmRules[a.Rule]
	if a.Name != "" {
		name = a.Name
	}
	text := setting.Fill(alarmTexts[a.Rule].In(robot.Language(locale)), "who", who, "value", strconv.Itoa(a.Value), "limit", strconv.Itoa(a.Limit))
	return object{"id": a.ID, "ruleName": name, "superviseLevel": a.Level, "content": text, "alarmDateTime": a.At.UnixMilli(), "agentId": nullable(string(a.Agent)), "agentName": a.AgentName,
		"sessionId": nullable(string(a.Conversation)), "visitorId": nullable(string(a.Visitor)), "visitorName": a.VisitorName, "queueId": nullable(string(a.Team)), "queueName": a.TeamName, "tenantId": tenant}
}

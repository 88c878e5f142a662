package easemob

import (
	"context"
	"net/http"
	"strconv"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/robot"
)

// pageConfig answers with the configuration of a page, which is that of its inbox. Only
// what the inbox has settings for is there.
func (f *Front) pageConfig(ctx context.Context, r *http.Request, _ []byte) (id.Tenant, any, error) {
	if err := f.Calls.Take("kefu address " + f.Clients.Of(r)); err != nil {
		return "", nil, err
	}
	in, err := f.Accounts.Inbox(ctx, id.Inbox(r.PathValue("config")))
	if errs.CodeOf(err) == errs.NotFound {
		return "", nil, faultNothing
	}
	if err != nil {
		return "", nil, err
	}
	book, err := f.Accounts.Book(ctx, in.Tenant)
	if err != nil {
		return in.Tenant, nil, err
	}
	number := book.Tenant.Number
	return in.Tenant, object{"tenantId": number, "configId": in.ID, "configName": in.Name, "configJson": configOf(in, number, book.TakesMessages(in.ID), robot.Language(r.Header.Get("Accept-Language")))}, nil
}

// configOf is what is set for an inbox in the words of the contract, tickets whether messages can
// be left; options are texts.
func configOf(in account.Inbox, number int64, tickets bool, lang string) object {
	s := in.Settings
	title, notice := s.Look.Title.In(lang), s.Greeting.In(lang)
	return object{
		"channel": object{"appKey": org + "#" + appName(number), "to": serviceNumber + string(in.ID), "emgroup": "", "agentName": ""},
		"ui":      object{"H5Title": object{"enabled": title != "", "content": title}, "notice": object{"enabled": notice != "", "content": notice}},
		"toolbar": object{"sendImage": !s.Look.NoFiles, "sendAttachment": !s.Look.NoFiles, "sendSmallVideo": !s.Look.NoFiles, "ticket": tickets, "satisfaction": !s.Survey.Disabled},
		"options": object{"onlyCloseWindow": options["onlyCloseWindow"], "onlyCloseSession": options["onlyCloseSession"],
			"showEnquiryButtonInAllTime": strconv.FormatBool(!s.Survey.Disabled)},
	}
}

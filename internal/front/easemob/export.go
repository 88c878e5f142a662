package easemob

import (
	"context"
	"net/http"
	"time"

	"parlor/internal/export"
	"parlor/internal/front/httpx"
	"parlor/internal/id"
	"parlor/internal/sheet"
)

// exports registers the calls by which programs take lists away as files.
func (f *Front) exports() {
	f.serve(http.MethodPost, "exports", f.askExport)
	f.serve(http.MethodGet, "exports/{id}", f.oneExport)
	f.mux.HandleFunc("GET /api/platform/tenants/{tenant}/exports/{id}/file", func(w http.ResponseWriter, r *http.Request) {
		c, err := f.program(r, r.PathValue("tenant"))
		if err == nil {
			err = f.exportFile(w, &c)
		}
		if err != nil {
			f.write(w, r, c.tenant, nil, err)
		}
	})
}

// wireExports are the lists by their names on the wire.
var wireExports = map[string]export.Kind{"session": export.Conversations, "message": export.Messages, "visitor": export.Contacts, "leaveMessage": export.Left,
	"enquiry": export.Ratings, "audit": export.Audit}

// askExport has a list written into a file; times are in milliseconds.
func (f *Front) askExport(ctx context.Context, c *call) (any, error) {
	var in struct {
		Type   string `json:"type"`
		Format string `json:"format"`
		Begin  int64  `json:"beginDateTime"`
		End    int64  `json:"endDateTime"`
		Queue  string `json:"queueId"`
		Agent  string `json:"agentUserId"`
		Number string `json:"imServiceNumber"`
		State  string `json:"state"`
		Zone   string `json:"timeZone"`
		Lang   string `json:"language"`
	}
	in.Zone, in.Lang = "Asia/Shanghai", "zh-CN"
	if err := c.json(&in); err != nil {
		return nil, err
	}
	filter := export.Filter{Team: id.Team(in.Queue), Agent: id.Agent(in.Agent)}
	if in.Begin < 0 || in.End < 0 {
		return nil, faultParam
	}
	if in.Begin > 0 {
		filter.From = time.UnixMilli(in.Begin)
	}
	if in.End > 0 {
		filter.To = time.UnixMilli(in.End)
	}
	state, ok := exportStates[in.State]
	if !ok {
		return nil, faultParam
	}
	filter.State = state
	if in.Number != "" {
		inbox, err := f.inbox(ctx, c.tenant, in.Number)
		if err != nil {
			return nil, err
		}
		filter.Inbox = inbox
	}
	x, err := f.Exports.Ask(ctx, c.who, export.Input{Kind: wireExports[in.Type], Format: sheet.Format(in.Format), Filter: filter, Lang: in.Lang, Zone: in.Zone})
	return f.exported(c, x), err
}

// exportStates are the states of sessions that restrict an export.
var exportStates = map[string]string{"": "", "Wait": "queued", "Processing": "open", "Terminal": "closed"}

func (f *Front) oneExport(ctx context.Context, c *call) (any, error) {
	x, err := f.Exports.Export(ctx, c.who, c.PathValue("id"))
	return f.exported(c, x), err
}

// exportWords are the states of an export on the wire.
var exportWords = map[export.State]string{export.Waiting: "Waiting", export.Running: "Processing", export.Done: "Finished", export.Failed: "Failed"}

func (f *Front) exported(c *call, x export.Export) object {
	o := object{"id": x.ID, "tenantId": c.number, "status": exportWords[x.State], "fileName": x.Name, "fileSize": x.Size, "count": x.Rows, "createDateTime": x.CreatedAt.UnixMilli(),
		"expireDateTime": x.Until.UnixMilli()}
	for word, kind := range wireExports {
		if kind == x.Kind {
			o["type"] = word
		}
	}
	if x.EndedAt != nil {
		o["finishDateTime"] = x.EndedAt.UnixMilli()
	}
	if x.Reason != "" {
		o["errorDescription"] = x.Reason
	}
	return o
}

// exportFile answers with the file itself. One that is not there yet is a conflict.
func (f *Front) exportFile(w http.ResponseWriter, c *call) error {
	o, err := f.Exports.Open(c.Context(), c.who, c.PathValue("id"))
	if err != nil {
		return err
	}
	httpx.ServeOnce(w, c.Request, o)
	return nil
}

package office

import (
	"context"
	"net/http"
	"runtime"

	"parlor/internal/account"
	"parlor/internal/front/rocketchat/contract"
)

// statistics adds the calls that count what there is.
func (f *Front) statistics() {
	needs := []string{"view-statistics"}
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "statistics", Do: f.allStatistics, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodGet, Path: "statistics.list", Do: f.listStatistics, Auth: true, Needs: needs},
	)
}

func (f *Front) allStatistics(ctx context.Context, c *contract.Call) (any, error) {
	if err := c.ReadQuery(contract.Dict(contract.Maybe("refresh", contract.Text)), &struct{}{}); err != nil {
		return nil, err
	}
	return f.counts(ctx, c, c.Arg("refresh") == "true")
}

// listStatistics answers with the figures of now alone: older ones are not kept,
// the reports tell of the past.
func (f *Front) listStatistics(ctx context.Context, c *contract.Call) (any, error) {
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	if _, err := c.Sort(); err != nil {
		return nil, err
	}
	now, err := f.counts(ctx, c, false)
	if err != nil {
		return nil, err
	}
	return contract.Page("statistics", []contract.Object{now}, w), nil
}

// counts are the figures that have a meaning here.
func (f *Front) counts(ctx context.Context, c *contract.Call, fresh bool) (contract.Object, error) {
	n, err := f.Reports.Census(ctx, c.Who, fresh)
	if err != nil {
		return nil, err
	}
	out := contract.Object{"_id": string(c.Tenant), "createdAt": contract.StampOf(n.At), "version": contract.Version, "livechatEnabled": false,
		"os":      contract.Object{"platform": runtime.GOOS, "arch": runtime.GOARCH},
		"process": contract.Object{"nodeVersion": runtime.Version()}, "totalRooms": n.Conversations, "totalLivechat": n.Conversations, "totalMessages": n.Messages, "totalLivechatMessages": n.Messages,
		"totalLivechatVisitors": n.Visitors, "totalLivechatRoomsOpen": n.Open + n.Queued, "totalLivechatQueued": n.Queued,
		"totalContacts": n.Contacts, "totalUnknownContacts": n.Unknown, "totalBlockedContacts": n.Blocked, "totalVerifiedContacts": n.Verified}
	var sources []contract.Object
	for channel, many := range n.Channels {
		sources = append(sources, contract.Object{"type": contract.SourceOf(channel), "count": many})
	}
	out["omnichannelSources"] = contract.Some(sources)
	if err := f.countPeople(ctx, c, out); err != nil {
		return nil, err
	}
	company, err := f.Company(ctx, c)
	out["livechatEnabled"] = company.On("Livechat_enabled")
	return out, err
}

// countPeople adds users, departments and what else is set up.
func (f *Front) countPeople(ctx context.Context, c *contract.Call, out contract.Object) error {
	people, err := f.People(ctx, c.Tenant)
	if err != nil {
		return err
	}
	var active, agents, managers int
	for _, a := range people {
		if !a.Disabled {
			active++
		}
		if a.Has(account.Member) {
			agents++
		}
		if a.Has(account.Supervisor) {
			managers++
		}
	}
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return err
	}
	status, err := f.Accounts.Roster(ctx, c.Tenant)
	if err != nil {
		return err
	}
	by := map[string]int{}
	for _, st := range status {
		by[contract.PresenceOf(st)]++
	}
	out["totalUsers"], out["activeUsers"], out["nonActiveUsers"] = len(people), active, len(people)-active
	out["onlineUsers"], out["awayUsers"], out["busyUsers"], out["offlineUsers"] = by["online"], by["away"], by["busy"], by["offline"]
	out["totalLivechatAgents"], out["totalLivechatManagers"], out["departments"] = agents, managers, len(book.Teams)
	return nil
}

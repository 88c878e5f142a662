package server

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"parlor/internal/id"
)

// askRouting asks the server that a company has set for routing who gets a
// conversation. Without an address nobody is asked.
func (s *Server) askRouting(ctx context.Context, t id.Tenant, team id.Team) (username string, err error) {
	book, err := s.services.accounts.Book(ctx, t)
	if err != nil {
		return "", err
	}
	company := book.Tenant.Settings
	address, err := url.Parse(company.Word("Livechat_External_Queue_URL"))
	if err != nil || address.Host == "" {
		return "", err
	}
	q := address.Query()
	if team != "" {
		q.Set("departmentId", string(team))
	}
	address.RawQuery = q.Encode()
	header := http.Header{"User-Agent": {"RocketChat Server"}, "Accept": {"application/json"}}
	if token := company.Word("Livechat_External_Queue_Token"); token != "" {
		header.Set("X-RocketChat-Secret-Token", token)
	}
	body, err := s.services.hooks.Fetch(ctx, address.String(), header)
	if err != nil {
		return "", err
	}
	var answer struct{ Username string }
	err = json.Unmarshal(body, &answer)
	return answer.Username, err
}

package easemob

import (
	"encoding/json"
	"net/http"
	"strings"

	"parlor/internal/account"
	"parlor/internal/id"
)

// tokens registers the call by which programs get a token, at both of its addresses.
func (f *Front) tokens() {
	for _, path := range []string{"/api/platform/tenants/{tenant}/accessToken", "/api/tenant/{tenant}/accessToken"} {
		f.mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			t, v, err := f.token(w, r)
			f.write(w, r, t, v, err)
		})
	}
}

func (f *Front) token(w http.ResponseWriter, r *http.Request) (t id.Tenant, v any, err error) {
	body, err := read(w, r)
	if err != nil {
		return "", nil, err
	}
	var in struct {
		Tenant   json.RawMessage `json:"tenantId"`
		ClientID string          `json:"clientId"`
		SecretID string          `json:"secretId"`
	}
	if err = decode(body, &in); err != nil {
		return "", nil, err
	}
	tenant, err := f.tenantOf(r.Context(), r.PathValue("tenant"))
	if err != nil {
		return "", nil, err
	}
	if said := strings.Trim(string(in.Tenant), `" `); said != "" && said != "null" && said != r.PathValue("tenant") {
		return tenant.ID, nil, faultTenant
	}
	if strings.TrimSpace(in.ClientID) == "" || strings.TrimSpace(in.SecretID) == "" {
		return tenant.ID, nil, faultParam
	}
	for _, key := range []string{"kefu client " + in.ClientID, "kefu address " + f.Clients.Of(r)} {
		if err = f.Entries.Take(key); err != nil {
			return tenant.ID, nil, err
		}
	}
	client, token, err := f.Accounts.Enter(r.Context(), in.ClientID, in.SecretID)
	if err == nil && client.Tenant != tenant.ID {
		err = faultClient
	}
	if err != nil {
		return tenant.ID, nil, err
	}
	return tenant.ID, map[string]any{"accessToken": token.Secret, "expireTime": int(account.ClientTokenLife.Seconds())}, nil
}

package easemob

import (
	"encoding/json"
	"errors"
	"net/http"

	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/id"
)

// fault is a failure as the contract tells it.
type fault struct {
	status     int
	code, text string
}

func (f fault) Error() string { return f.code + ": " + f.text }

// Expected implements httpx.Expected.
func (f fault) Expected() bool { return f != faultInside }

// The faults of the platform API. Their texts are the contract's.
var (
	faultParam   = fault{http.StatusBadRequest, "API_001", "param is invalid,please check your param is correct!"}
	faultToken   = fault{http.StatusUnauthorized, "API_002", "token is invalid"}
	faultTenant  = fault{http.StatusForbidden, "API_003", "tenantId is incorrect,please confirm that the tenant ID belongs to you"}
	faultClient  = fault{http.StatusForbidden, "API_004", "clientId or secretId is incorrect"}
	faultPage    = fault{http.StatusBadRequest, "API_111", "page index must be more than 0."}
	faultSize    = fault{http.StatusBadRequest, "API_112", "page size must be less than 50."}
	faultBound   = fault{http.StatusConflict, "API_120", "business bind operation failed"}
	faultInside  = fault{http.StatusBadGateway, "API_400", "api request failed"}
	faultNothing = fault{http.StatusNotFound, "API_001", "param is invalid,please check your param is correct!"}
	faultLimit   = fault{http.StatusTooManyRequests, "API_400", "api request failed"}
	faultRate    = fault{http.StatusBadRequest, "WEBIM_338", "the time for a rating is over"}
	faultUser    = fault{http.StatusNotFound, "API_001", "IM user not found."}
	faultMake    = fault{http.StatusBadRequest, "API_001", "IM user create fail."}
	faultLarge   = fault{http.StatusRequestEntityTooLarge, "API_001", "param is invalid,please check your param is correct!"}
)

// faultOf is the contract's form of an error.
func faultOf(err error) fault {
	var f fault
	if errors.As(err, &f) {
		return f
	}
	switch errs.ReasonOf(err) {
	case "bad_token":
		return faultToken
	case "identity_invalid", "identity_expired", "identity_required":
		return fault{faultToken.status, faultToken.code, errs.MessageOf(err)}
	case "bad_client":
		return faultClient
	case "bound_already":
		return faultBound
	case "rated_already":
		return faultRated
	case "survey_answered", "survey_disabled", "survey_late":
		return faultRate
	}
	switch errs.CodeOf(err) {
	case errs.Invalid:
		return faultParam
	case errs.Unauthenticated:
		return faultToken
	case errs.Forbidden:
		return fault{http.StatusForbidden, faultInside.code, faultInside.text}
	case errs.NotFound:
		return faultNothing
	case errs.Conflict:
		return fault{http.StatusConflict, faultInside.code, faultInside.text}
	case errs.TooLarge:
		return faultLarge
	case errs.TooMany:
		return faultLimit
	}
	return faultInside
}

// list is an answer with several entities.
type list struct {
	entities any
	total    int
	// bare leaves the total out.
	bare bool
}

// plain is an answer without the envelope.
type plain struct{ v any }

// envelope is how answers look.
type envelope struct {
	Status           string `json:"status"`
	Entity           any    `json:"entity,omitempty"`
	Entities         any    `json:"entities,omitempty"`
	TotalElements    *int   `json:"totalElements,omitempty"`
	ErrorCode        string `json:"errorCode,omitempty"`
	ErrorDescription string `json:"errorDescription,omitempty"`
	// Reason is ours: the word for what stands in the way of a call that is right.
	Reason string `json:"reason,omitempty"`
}

// write answers with what a call returned. The page's client counts only 200 as
// success; faults have a status of their own unless the company wants 200 always.
func (f *Front) write(w http.ResponseWriter, r *http.Request, t id.Tenant, v any, err error) {
	if err != nil {
		httpx.LogInternal(f.Log, r, err)
		x := faultOf(err)
		status := x.status
		if f.alwaysOK(r, t) {
			status = http.StatusOK
		}
		if x.status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "1")
		}
		out := envelope{Status: "FAIL", ErrorCode: x.code, ErrorDescription: x.text}
		if x.code == faultInside.code && x.status != faultInside.status {
			out.Reason = errs.ReasonOf(err)
		}
		send(w, status, out)
		return
	}
	switch v := v.(type) {
	case plain:
		send(w, http.StatusOK, v.v)
	case list:
		out := envelope{Status: "OK", Entities: v.entities}
		if !v.bare {
			out.TotalElements = &v.total
		}
		send(w, http.StatusOK, out)
	default:
		send(w, http.StatusOK, envelope{Status: "OK", Entity: v})
	}
}

func send(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client has gone if this fails
}

// alwaysOK says whether a company has faults answered with 200.
func (f *Front) alwaysOK(r *http.Request, t id.Tenant) bool {
	if t == "" {
		return false
	}
	book, err := f.Accounts.Book(r.Context(), t)
	return err == nil && book.Tenant.Settings.On("Kefu_Always_200")
}

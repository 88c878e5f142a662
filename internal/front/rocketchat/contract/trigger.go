package contract

import (
	"net/http"

	"parlor/internal/errs"
	"parlor/internal/trigger"
)

// serviceFailures are the words for what went wrong with a service.
var serviceFailures = map[string]string{"timeout": "error-timeout", "invalid": "error-invalid-external-service-response"}

// ServiceAnswer is the answer of a call that asked a service of the company for a
// trigger, "" for a test.
func ServiceAnswer(id string, r trigger.Reply, fallback string, err error) (any, error) {
	switch errs.ReasonOf(err) {
	case "no_secret":
		return nil, Plain("Livechat secret token is not configured")
	case "no_service":
		return nil, Plain("Trigger is not configured to use an external service")
	case "trigger_not_found":
		return nil, Plain("Invalid trigger")
	}
	if err != nil {
		return nil, err
	}
	out := Object{}
	if id != "" {
		out["triggerId"] = id
	}
	if r.Failure != "" {
		out["success"], out["error"], out["response"], out["fallbackMessage"] = false, serviceFailures[r.Failure], r.Text, fallback
		return nil, &Fault{Status: http.StatusBadRequest, Body: out}
	}
	out["response"] = Object{"statusCode": r.Status, "contents": Some(r.Contents)}
	return out, nil
}
